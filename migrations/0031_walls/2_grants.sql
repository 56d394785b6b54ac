-- A role is given, changed or ended by whoever administers people where it holds, and opens no institution that they do
-- not reach. Only an administrator of the system names auditors and administrators of the system. A company stands
-- beside the institutions in the tree: its roles belong to whoever reaches all that they open. These are the rules of
-- cohortmgr/accounts/rules.py, which a test compares.

CREATE FUNCTION app_may_grant(giver bigint, wanted text, place text, opened jsonb, apart boolean) RETURNS boolean
  STABLE SECURITY DEFINER LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  ours boolean;
  reached bigint[];
  given bigint[];
BEGIN
  IF giver IS NULL OR wanted IN ('candidate', 'guardian') OR place !~ '^([a-z0-9-]+\.)*$' THEN
    RETURN false;
  END IF;
  WITH held AS (
    SELECT g.path, g.alone,
      role = 'system_administrator'
        OR role = 'programme_administrator' AND wanted NOT IN ('system_administrator', 'auditor') AS gives,
      ARRAY(SELECT number::bigint FROM jsonb_array_elements_text(g.institutions) number)
        || CASE WHEN g.alone OR scope_kind = 'programme' THEN '{}'
           ELSE ARRAY(SELECT id FROM organisations o WHERE o.kind IN ('ministry', 'institution', 'institute')
                      AND starts_with(o.path, g.path)) END AS opens
    FROM grants g WHERE account_id = giver AND revoked_at IS NULL)
  SELECT
    coalesce(bool_or(gives AND starts_with(place, path)
      AND (NOT alone OR (apart OR place <> path) AND NOT EXISTS (
        SELECT FROM organisations o WHERE o.kind IN ('ministry', 'institution', 'institute')
          AND starts_with(o.path, held.path) AND o.path <> held.path AND starts_with(place, o.path)))), false),
    ARRAY(SELECT unnest(opens) FROM held),
    ARRAY(SELECT unnest(opens) FROM held WHERE gives)
  INTO ours, reached, given FROM held;
  RETURN (ours AND opened <@ to_jsonb(reached))
    OR (wanted IN ('company_contact', 'tutor') AND jsonb_array_length(opened) > 0 AND opened <@ to_jsonb(given));
END $$;

-- An invitation whose link was used up in this very transaction, and whose sender may still give what it promises.
CREATE FUNCTION app_accepted() RETURNS SETOF invitations STABLE SECURITY DEFINER LANGUAGE sql
  SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT i.* FROM links l JOIN invitations i ON i.reference = l.subject
  WHERE l.token_hash = ANY (app_presented()) AND l.purpose = 'invite'
    AND l.used_at IS NOT NULL AND l.xmin = pg_current_xact_id()::xid AND i.called_off_at IS NULL
    AND app_bears(l.signature, 'links', 'used', l.token_hash, app_moment(l.used_at), l.proves)
    AND (i.invited_by = 'system' OR app_may_grant(
      (SELECT id FROM accounts WHERE reference = i.invited_by AND suspended_at IS NULL),
      i.role, i.path, i.institutions, i.alone))
$$;

CREATE FUNCTION app_grants() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  giver bigint := app_account();
BEGIN
  IF NOT app_is_walled() THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND (NEW.id, NEW.reference, NEW.account_id, NEW.role)
     IS DISTINCT FROM (OLD.id, OLD.reference, OLD.account_id, OLD.role) THEN
    RAISE EXCEPTION 'a role stays whose it was' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF giver IS DISTINCT FROM NEW.account_id
     AND app_may_grant(giver, NEW.role, NEW.path, NEW.institutions, NEW.alone)
     AND (TG_OP = 'INSERT' OR app_may_grant(giver, OLD.role, OLD.path, CASE WHEN OLD.role IN ('company_contact', 'tutor')
       THEN OLD.institutions ELSE '[]' END, OLD.alone)) THEN
    RETURN NEW;
  END IF;
  IF EXISTS (SELECT FROM app_accepted() i WHERE
     (i.role, i.scope_kind, i.scope_reference, i.path, i.institutions, i.alone, i.begins_on, i.ends_on)
     IS NOT DISTINCT FROM (NEW.role, NEW.scope_kind, NEW.scope_reference, NEW.path, NEW.institutions, NEW.alone,
                           NEW.begins_on, NEW.ends_on) AND NEW.revoked_at IS NULL
     OR TG_OP = 'UPDATE' AND i.replaces_id = OLD.id
        AND to_jsonb(NEW) - 'revoked_at' = to_jsonb(OLD) - 'revoked_at') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'this session may not give or end the role % at %', NEW.role, NEW.path
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER app_grants BEFORE INSERT OR UPDATE ON grants FOR EACH ROW EXECUTE FUNCTION app_grants();

-- An invitation promises what its sender may give. Later it is sent again, called off, or accepted by its link.
CREATE FUNCTION app_invitations() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  sender bigint := app_account();
  ours boolean;
BEGIN
  IF NOT app_is_walled() THEN
    RETURN NEW;
  END IF;
  ours := app_may_grant(sender, NEW.role, NEW.path, NEW.institutions, NEW.alone);
  IF TG_OP = 'INSERT' AND ours AND NEW.accepted_at IS NULL
     AND NEW.invited_by = (SELECT reference FROM accounts WHERE id = sender) THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND ours AND (NEW.accepted_at IS NOT DISTINCT FROM OLD.accepted_at)
     AND to_jsonb(NEW) - ARRAY['expires_at', 'invited_by', 'called_off_at']
         = to_jsonb(OLD) - ARRAY['expires_at', 'invited_by', 'called_off_at']
     AND NEW.invited_by IN (OLD.invited_by, (SELECT reference FROM accounts WHERE id = sender)) THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.accepted_at IS NULL AND to_jsonb(NEW) - 'accepted_at' = to_jsonb(OLD) - 'accepted_at'
     AND EXISTS (SELECT FROM app_accepted() i WHERE i.id = OLD.id) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'this session may not invite to or answer for the role % at %', NEW.role, NEW.path
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER app_invitations BEFORE INSERT OR UPDATE ON invitations
  FOR EACH ROW EXECUTE FUNCTION app_invitations();
