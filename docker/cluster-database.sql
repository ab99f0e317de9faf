-- What compose.cluster.yaml has PostgreSQL do once, on an empty volume: a user for the gateways with a database of its own
-- and no more. They make their tables themselves.
\set ON_ERROR_STOP on
\set password `cat /run/secrets/database_password`
CREATE ROLE soundgate LOGIN PASSWORD :'password';
CREATE DATABASE soundgate OWNER soundgate;
REVOKE CONNECT ON DATABASE soundgate FROM PUBLIC;
