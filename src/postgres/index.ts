/**
 * Keeps an index in Postgres, for many machines. An entry point of its own; `pg` is up to the program, which hands over a pool.
 *
 * @packageDocumentation
 */
export { postgresLog, type PostgresLogOptions } from './postgres-log.js';
export {
  migratePostgres,
  postgresSchema,
  type MigrateOptions,
  type PostgresSchemaOptions,
} from './schema.js';
export type {
  PostgresAnswer,
  PostgresClient,
  PostgresPool,
  PostgresPoolClient,
  PostgresQuery,
} from './pool.js';
