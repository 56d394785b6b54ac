-- Rows that open doors, and what is said of who acts, bear a signature (HMAC-SHA256) that the application alone makes.
-- Its key lies in a table without a policy, as the two blocks with which HMAC begins its inner and its outer hash:
-- a right to the table that is granted again opens nothing. Nobody behind the wall may call app_vouched(), which signs;
-- what compares says only yes or no, and of two hashes, so that no time tells how many letters were right.

CREATE FUNCTION app_vouched(said text) RETURNS text STABLE PARALLEL SAFE SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  signature text;
BEGIN
  SELECT encode(sha256(outer_block || sha256(inner_block || convert_to(said, 'UTF8'))), 'hex')
  INTO signature FROM door_keys WHERE id = 1;
  IF signature IS NULL THEN
    RAISE EXCEPTION 'the database has no key by which it knows the application' USING ERRCODE = 'insufficient_privilege',
      HINT = 'Run: flask --app wsgi db upgrade';
  END IF;
  RETURN signature;
END $$;
REVOKE ALL ON FUNCTION app_vouched(text) FROM PUBLIC;

-- Values in their order, each after its length, so that no others give the same text.
CREATE FUNCTION app_joined(VARIADIC parts text[]) RETURNS text STABLE PARALLEL SAFE LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RETURN (SELECT string_agg(coalesce(char_length(part) || ':' || part, '-'), '' ORDER BY place)
          FROM unnest(parts) WITH ORDINALITY AS listed(part, place));
END $$;

CREATE FUNCTION app_moment(moment timestamptz) RETURNS text STABLE PARALLEL SAFE LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'); END $$;

CREATE FUNCTION app_bears(signature text, VARIADIC parts text[]) RETURNS boolean STABLE LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN coalesce(sha256(signature::bytea) = sha256(app_vouched(app_joined(VARIADIC parts))::bytea), false); END $$;

-- Who acts, for whom is read and what was shown are signed together, for a day.
CREATE FUNCTION app_require_told() RETURNS void STABLE PARALLEL SAFE SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  told text := current_setting('app.told', true);
  moment text := split_part(told, '|', 1);
BEGIN
  IF moment ~ '^[0-9]{1,12}$' AND abs(extract(epoch FROM now()) - moment::bigint) < 86400
     AND sha256(split_part(told, '|', 2)::bytea) = sha256(app_vouched(concat('said|', moment,
       '|', current_setting('app.institutions', true), '|', current_setting('app.person', true),
       '|', current_setting('app.session', true), '|', current_setting('app.presented', true)))::bytea) THEN
    RETURN;
  END IF;
  RAISE EXCEPTION 'the application did not say who acts here, or with another key, or not today'
    USING ERRCODE = 'insufficient_privilege', HINT = 'If the index key was changed or a backup was restored, run: '
      'flask --app wsgi db upgrade. Else compare the clocks of the application and of the database.';
END $$;

CREATE OR REPLACE FUNCTION app_institutions() RETURNS bigint[] STABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
  listed text := current_setting('app.institutions', true);
BEGIN
  IF listed <> '' THEN
    PERFORM public.app_require_told();
    RETURN string_to_array(listed, ',')::bigint[];
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION app_person() RETURNS bigint STABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
  number text := current_setting('app.person', true);
BEGIN
  IF number <> '' THEN
    PERFORM public.app_require_told();
    RETURN number::bigint;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION app_session() RETURNS text STABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
  hash text := current_setting('app.session', true);
BEGIN
  IF hash <> '' THEN
    PERFORM public.app_require_told();
    RETURN hash;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION app_presented() RETURNS text[] STABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
  shown text := current_setting('app.presented', true);
BEGIN
  IF shown <> '' THEN
    PERFORM public.app_require_told();
    RETURN string_to_array(shown, chr(31));
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION app_refuse_unvouched(place text) RETURNS void LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'this row of % is not signed by the application', place USING ERRCODE = 'insufficient_privilege',
    HINT = 'If the index key was changed or a backup was restored, run: flask --app wsgi db upgrade';
END $$;
