-- Up Migration
-- What a consumer of an earlier release writes meanwhile would keep its words.
LOCK TABLE dead_letters IN ACCESS EXCLUSIVE MODE;

-- Reasons are named for any pipeline. What a store refused has its reason as the code of its error and its attempt too.
UPDATE dead_letters
   SET reason = CASE reason WHEN 'refused-by-verifier' THEN 'refused'
                            WHEN 'rejected-by-endput' THEN 'rejected-by-store' ELSE reason END,
       error = replace(error::text, '"code": "rejected-by-endput"', '"code": "rejected-by-store"')::jsonb,
       attempts = replace(attempts::text, '"code": "rejected-by-endput"', '"code": "rejected-by-store"')::jsonb,
       words = CASE reason WHEN 'rejected-by-endput' THEN words || array_to_tsvector(ARRAY['store']) ELSE words END
 WHERE reason IN ('refused-by-verifier', 'rejected-by-endput')
    OR attempts::text LIKE '%"code": "rejected-by-endput"%';

UPDATE dead_letter_jobs
   SET selection = replace(replace(selection::text, '"reason": "refused-by-verifier"', '"reason": "refused"'),
                           '"rejected-by-endput"', '"rejected-by-store"')::jsonb
 WHERE selection #>> '{filter,reason}' IN ('refused-by-verifier', 'rejected-by-endput')
    OR selection #>> '{filter,errorCode}' = 'rejected-by-endput';

-- No way back: which of the codes and searched words were the former ones is written down nowhere.
