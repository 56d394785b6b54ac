-- Files are counted with the act that changes them. Writers of one intake wait for each other only if their backends
-- fall into one of its sixteen shards. Groups come in order, so that two statements lock in one order.
-- A statement-level trigger of an update takes no list of columns: what did not change comes to nothing and is left out.
CREATE FUNCTION app_count_files() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO intake_counts AS c (intake_id, shard, state, eligible, consent, source, region, offering_id, institution_id, files)
    SELECT intake_id, pg_backend_pid() % 16, fresh.state, CASE WHEN fresh.eligible THEN 'yes' WHEN NOT fresh.eligible THEN 'no' ELSE 'open' END, fresh.consent, fresh.source, coalesce(fresh.region, ''), coalesce(fresh.offering_id, 0), min(institution_id), count(*)
    FROM fresh GROUP BY intake_id, fresh.state, CASE WHEN fresh.eligible THEN 'yes' WHEN NOT fresh.eligible THEN 'no' ELSE 'open' END, fresh.consent, fresh.source, coalesce(fresh.region, ''), coalesce(fresh.offering_id, 0) ORDER BY 1, 3, 4, 5, 6, 7, 8
    ON CONFLICT (intake_id, shard, state, eligible, consent, source, region, offering_id) DO UPDATE SET files = c.files + EXCLUDED.files;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO intake_counts AS c (intake_id, shard, state, eligible, consent, source, region, offering_id, institution_id, files)
    SELECT intake_id, pg_backend_pid() % 16, gone.state, CASE WHEN gone.eligible THEN 'yes' WHEN NOT gone.eligible THEN 'no' ELSE 'open' END, gone.consent, gone.source, coalesce(gone.region, ''), coalesce(gone.offering_id, 0), min(institution_id), -count(*)
    FROM gone GROUP BY intake_id, gone.state, CASE WHEN gone.eligible THEN 'yes' WHEN NOT gone.eligible THEN 'no' ELSE 'open' END, gone.consent, gone.source, coalesce(gone.region, ''), coalesce(gone.offering_id, 0) ORDER BY 1, 3, 4, 5, 6, 7, 8
    ON CONFLICT (intake_id, shard, state, eligible, consent, source, region, offering_id) DO UPDATE SET files = c.files + EXCLUDED.files;
  ELSE
    INSERT INTO intake_counts AS c (intake_id, shard, state, eligible, consent, source, region, offering_id, institution_id, files)
    SELECT intake_id, pg_backend_pid() % 16, state, eligible, consent, source, region, offering_id, min(institution_id), sum(n) FROM (
      SELECT intake_id, institution_id, fresh.state, CASE WHEN fresh.eligible THEN 'yes' WHEN NOT fresh.eligible THEN 'no' ELSE 'open' END, fresh.consent, fresh.source, coalesce(fresh.region, ''), coalesce(fresh.offering_id, 0), 1 FROM fresh UNION ALL
      SELECT intake_id, institution_id, gone.state, CASE WHEN gone.eligible THEN 'yes' WHEN NOT gone.eligible THEN 'no' ELSE 'open' END, gone.consent, gone.source, coalesce(gone.region, ''), coalesce(gone.offering_id, 0), -1 FROM gone)
      AS changes (intake_id, institution_id, state, eligible, consent, source, region, offering_id, n)
    GROUP BY intake_id, state, eligible, consent, source, region, offering_id HAVING sum(n) <> 0 ORDER BY 1, 3, 4, 5, 6, 7, 8
    ON CONFLICT (intake_id, shard, state, eligible, consent, source, region, offering_id) DO UPDATE SET files = c.files + EXCLUDED.files;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER app_count_files_added AFTER INSERT ON applications REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_count_files();
CREATE TRIGGER app_count_files_gone AFTER DELETE ON applications REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION app_count_files();
CREATE TRIGGER app_count_files_changed AFTER UPDATE ON applications REFERENCING NEW TABLE AS fresh OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION app_count_files();
