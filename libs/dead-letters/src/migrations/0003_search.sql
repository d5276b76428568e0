-- Up Migration
ALTER TABLE dead_letters
  ADD COLUMN error_code    text GENERATED ALWAYS AS (error ->> 'code') STORED,
  ADD COLUMN words         tsvector NOT NULL DEFAULT '',
  ADD COLUMN original_body bytea;

COMMENT ON COLUMN dead_letters.words IS 'What can be searched: the words of the error and of the texts in the body, in lower case.';
COMMENT ON COLUMN dead_letters.original_body IS 'The bytes that died first, where a person has edited the body since.';

-- What is there already: bytes that are no ASCII letters are left out, so that no body can make this fail.
UPDATE dead_letters
   SET words = array_to_tsvector(array(
         SELECT DISTINCT left(word, 64)
           FROM regexp_split_to_table(lower(concat_ws(' ', error ->> 'code', error ->> 'message',
                                                      left(encode(body, 'escape'), 8192))), '[^a-z0-9]+') AS word
          WHERE word <> ''));

DROP INDEX dead_letters_open;
CREATE INDEX dead_letters_open ON dead_letters (pipeline, reason, error_code, dead_at, message_id)
  INCLUDE (system, source_created_at) WHERE state = 'dead';
CREATE INDEX dead_letters_by_time ON dead_letters (pipeline, dead_at, message_id);
CREATE INDEX dead_letters_by_state ON dead_letters (pipeline, state, dead_at, message_id);
CREATE INDEX dead_letters_by_code ON dead_letters (pipeline, error_code, dead_at, message_id);
CREATE INDEX dead_letters_by_system ON dead_letters (pipeline, system, dead_at, message_id);
CREATE INDEX dead_letters_words ON dead_letters USING gin (words);

-- Down Migration
DROP INDEX dead_letters_words, dead_letters_by_code, dead_letters_by_system, dead_letters_by_state, dead_letters_by_time, dead_letters_open;
CREATE INDEX dead_letters_open ON dead_letters (pipeline, reason, (error ->> 'code'), dead_at) WHERE state = 'dead';
ALTER TABLE dead_letters DROP COLUMN original_body, DROP COLUMN words, DROP COLUMN error_code;
