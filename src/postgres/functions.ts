/*
 * What takes more than one look, as functions of the database: each locks the branch and then looks anew, so that a fork and
 * a trim do not miss each other. Appends hold the same lock, shared.
 */

/** The SQL that makes the functions, in a schema. */
export function functionsIn(s: string): string {
  return `CREATE FUNCTION ${s}.base(of bigint, upto bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce(max(version), 0) FROM ${s}.checkpoint WHERE branch = of AND version <= upto
$$;
CREATE FUNCTION ${s}.fork(of bigint, fork_name text, at bigint, at_token text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  origin ${s}.branch;
  base bigint;
BEGIN
  SELECT * INTO origin FROM ${s}.branch WHERE id = of FOR NO KEY UPDATE;
  IF EXISTS (SELECT FROM ${s}.branch WHERE namespace = origin.namespace AND name = fork_name) THEN RETURN 'taken'; END IF;
  base := greatest(${s}.base(of, at), origin.start);
  IF at > 0 AND NOT (
    at - base = (SELECT count(*) FROM ${s}.entry WHERE branch = of AND version > base AND version <= at)
    AND (EXISTS (SELECT FROM ${s}.entry WHERE branch = of AND version = at AND token = at_token)
      OR EXISTS (SELECT FROM ${s}.checkpoint WHERE branch = of AND version = at AND token = at_token))
  ) THEN RETURN 'gone'; END IF;
  WITH made AS (
    INSERT INTO ${s}.branch (namespace, name, settings, parent, start, token)
    VALUES (origin.namespace, fork_name, origin.settings, of, at, at_token) RETURNING id
  )
  INSERT INTO ${s}.entry (branch, version, token, checksum, size) SELECT id, at, at_token, '', 0 FROM made;
  RETURN 'made';
EXCEPTION WHEN unique_violation THEN RETURN 'taken';
END $$;
CREATE FUNCTION ${s}.drop_entries(of bigint, before bigint, most bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  named text;
  least_kept bigint;
  uploads uuid[];
  dropped bigint;
BEGIN
  SELECT name INTO named FROM ${s}.branch WHERE id = of FOR NO KEY UPDATE;
  SELECT CASE WHEN named IS NULL THEN before ELSE least(before, max(version)) END INTO least_kept
    FROM ${s}.entry WHERE branch = of;
  UPDATE ${s}.branch SET trimmed = least_kept WHERE id = of AND trimmed < least_kept;
  WITH gone AS (
    DELETE FROM ${s}.entry WHERE branch = of AND version IN (
      SELECT version FROM ${s}.entry AS old WHERE branch = of AND version < least_kept AND NOT EXISTS (
        SELECT FROM ${s}.branch AS child WHERE child.parent = of AND child.start >= old.version
          AND old.version > ${s}.base(of, child.start)
      ) ORDER BY version LIMIT most
    ) RETURNING upload
  )
  SELECT count(*), array_agg(upload) FILTER (WHERE upload IS NOT NULL) INTO dropped, uploads FROM gone;
  DELETE FROM ${s}.piece WHERE upload = ANY (uploads);
  RETURN dropped;
END $$;
CREATE FUNCTION ${s}.drop_checkpoints(of bigint, before bigint, keep bigint[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  least_kept bigint;
  uploads uuid[];
  dropped bigint;
BEGIN
  SELECT CASE WHEN name IS NULL THEN before ELSE least(before, trimmed) END INTO least_kept
    FROM ${s}.branch WHERE id = of FOR NO KEY UPDATE;
  WITH gone AS (
    DELETE FROM ${s}.checkpoint AS old WHERE branch = of AND (
      EXISTS (SELECT FROM ${s}.checkpoint AS later
        WHERE later.branch = of AND later.version = old.version AND later.id > old.id)
      OR version < least_kept AND NOT version = ANY (keep) AND NOT EXISTS (
        SELECT FROM ${s}.branch AS child WHERE child.parent = of AND ${s}.base(of, child.start) = old.version
      )
    ) RETURNING upload
  )
  SELECT count(*), array_agg(upload) FILTER (WHERE upload IS NOT NULL) INTO dropped, uploads FROM gone;
  DELETE FROM ${s}.piece WHERE upload = ANY (uploads);
  RETURN dropped;
END $$;`;
}
