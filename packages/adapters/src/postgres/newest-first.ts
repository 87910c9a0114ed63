// One page of a list, in the words that leave the planner only one index to take.
import { sql, type RawBuilder } from "kysely";

/** What a page's rows must be, and their order. */
export type PageTerms = {
  readonly where: RawBuilder<boolean>;
  readonly orderBy: RawBuilder<unknown>;
};

const highestId = 9_223_372_036_854_775_807n;

/**
 * The rows whose columns have these values and whose id is below `beforeId`, newest first. An index on the columns and the id, in
 * this order, is what it takes.
 *
 * Said as an equality, the order would be that of the id alone, which the primary key has too; and where a game has many rows, but
 * none among the newest, walking the primary key until a page is full means walking past everybody else's.
 */
export function newestFirst(
  equal: Readonly<Record<string, RawBuilder<unknown>>>,
  idColumn: string,
  beforeId: bigint | null,
): PageTerms {
  const columns = Object.keys(equal);
  const values = Object.values(equal);
  const before = sql`${beforeId ?? highestId}::bigint`;
  const key = [...columns, idColumn];
  const upTo = sql`${row(key.map((column) => sql.ref(column)))} < ${row([...values, before])}`;
  return {
    where:
      columns.length === 0
        ? sql`${upTo}`
        : sql`${upTo} and ${row(columns.map((column) => sql.ref(column)))} >= ${row(values)}`,
    orderBy: sql.join(key.map((column) => sql`${sql.ref(column)} desc`)),
  };
}

function row(values: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return sql`(${sql.join(values)})`;
}
