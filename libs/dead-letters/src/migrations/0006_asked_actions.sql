-- Up Migration
ALTER TABLE operator_actions
  ADD COLUMN announced   boolean NOT NULL DEFAULT false,
  ADD COLUMN request     uuid,
  ADD COLUMN reported_as uuid;

COMMENT ON COLUMN operator_actions.announced IS 'Whether somebody is about to ask a system for it, and it is not known that the system did it.';
COMMENT ON COLUMN operator_actions.request IS 'Goes with the request to the system, which says it again when it reports what it did.';
COMMENT ON COLUMN operator_actions.reported_as IS 'The id that the system gave to what it did: taken once, however often it is reported.';

CREATE UNIQUE INDEX operator_actions_request ON operator_actions (request) WHERE request IS NOT NULL;
CREATE UNIQUE INDEX operator_actions_reported ON operator_actions (reported_as) WHERE reported_as IS NOT NULL;
-- What a system did while nobody collected comes late, and stands where it belongs.
CREATE INDEX operator_actions_by_time ON operator_actions (pipeline, at, id) WHERE NOT announced;
DROP INDEX operator_actions_of_pipeline;

-- Down Migration
CREATE INDEX operator_actions_of_pipeline ON operator_actions (pipeline, id);
DELETE FROM operator_actions WHERE announced;
ALTER TABLE operator_actions DROP COLUMN announced, DROP COLUMN request, DROP COLUMN reported_as;
