import { parse } from 'libpg-query';

/*
 * What a distributed engine would not take of the statements of a library server: those of Citus with one schema a
 * tenant, as its documentation says (https://docs.citusdata.com/en/stable/develop/reference_workarounds.html).
 * PostgreSQL's own parser reads the statements; no cluster was asked.
 */

/** A node of PostgreSQL's syntax tree, as its parser gives it. */
type Node = Readonly<Record<string, unknown>>;

/** A name in the tree; empty for what has none. */
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Functions that give each node or moment another value. */
const VOLATILE = new Set([
  'now',
  'clock_timestamp',
  'statement_timestamp',
  'transaction_timestamp',
  'timeofday',
  'random',
  'gen_random_uuid',
  'uuid_generate_v4',
]);
const SEQUENCE = new Set(['nextval', 'currval', 'setval', 'lastval']);
const SERIAL = /^(?:small|big)?serial[248]?$/;

/** Statements that are refused wherever they stand, and why. */
const REFUSED: Readonly<Record<string, string>> = {
  ListenStmt: 'listening is local to a node',
  NotifyStmt: 'notifying is local to a node',
  LockStmt: 'table locks are local to a node',
  RuleStmt: 'rules stand in the way of a move',
  CreateTrigStmt: 'triggers stand in the way of a move',
  CreateSeqStmt: 'sequences differ by node',
};

/** Statements that change tables; only the command line may send them. */
const DEFINES =
  /^(?:Create|Alter|Drop|Index|Rename|Grant|Truncate|Comment|Reindex|Cluster|Vacuum|Do)[A-Z]\w*$/;
const IS_DEFINITION = (kind: string) => DEFINES.test(kind) || kind === 'DoStmt' || kind === 'IndexStmt';

const WRITES = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

/** Columns of each table's primary key. */
export type PrimaryKeys = ReadonlyMap<string, readonly string[]>;

export interface StatementContext {
  keys: PrimaryKeys;
  /** From the owner, by the command line, who may define tables. */
  isOwner?: boolean;
}

/** Why a distributed engine would refuse what one message says, or give other results than one node; empty where it would not. */
export async function objectionsTo(sql: string, context: StatementContext): Promise<string[]> {
  const { stmts = [] } = (await parse(sql)) as { stmts?: { stmt?: Node }[] };
  return stmts.flatMap(({ stmt }) => Object.entries(stmt ?? {}).flatMap((entry) => judge(entry, context)));
}

function judge(
  [kind, value]: readonly [string, unknown],
  { keys, isOwner = false }: StatementContext,
): string[] {
  const statement = value as Node;
  const found: string[] = [];
  const refused = REFUSED[kind];
  if (refused !== undefined) found.push(refused);
  if (!isOwner && IS_DEFINITION(kind)) found.push('tables are defined on the coordinator alone');
  if (kind === 'InsertStmt') found.push(...judgeInsert(statement, keys));
  for (const [name, node] of nodesIn(value)) {
    if (name === 'RangeVar' || name === 'relation' || name === 'pktable') {
      if (!isOwner && node.schemaname !== undefined)
        found.push(
          `${text(node.schemaname)}.${text(node.relname)} names a schema, which may be on another node`,
        );
      if (name === 'pktable' && node.schemaname !== undefined)
        found.push('a foreign key that leads out of the schema');
      if (node.relpersistence === 't') found.push('temporary tables are local to a node');
    }
    if (name === 'FuncCall') {
      const called = lastName(node.funcname);
      if (SEQUENCE.has(called)) found.push('sequences differ by node');
      if (WRITES.has(kind) && VOLATILE.has(called)) found.push(`${called}() in a write differs by node`);
      if (/^pg_(?:try_)?advisory/.test(called)) found.push('advisory locks are local to a node');
    }
    if (name === 'SQLValueFunction' && WRITES.has(kind))
      found.push('the current time in a write differs by node');
    if (name === 'TypeName' || name === 'typeName') {
      if (SERIAL.test(lastName(node.names))) found.push('sequences differ by node');
    }
    if (name === 'Constraint' && node.contype === 'CONSTR_IDENTITY') found.push('sequences differ by node');
  }
  return [...new Set(found)];
}

function judgeInsert(insert: Node, keys: PrimaryKeys): string[] {
  const found: string[] = [];
  const select = inner(insert.selectStmt, 'SelectStmt');
  if ([...nodesIn(select?.valuesLists)].some(([name]) => name === 'SubLink'))
    found.push('a subquery among the values of an insert');
  const conflict = insert.onConflictClause as Node | undefined;
  if (!conflict) return found;
  const table = text((insert.relation as Node).relname);
  const key = keys.get(table) ?? [];
  const infer = conflict.infer as Node | undefined;
  const columns = list(infer?.indexElems).map((element) => text(inner(element, 'IndexElem')?.name));
  if (infer && columns.join() !== key.join())
    found.push(`on conflict on ${table} by anything but its primary key`);
  for (const target of list(conflict.targetList)) {
    const name = text(inner(target, 'ResTarget')?.name);
    if (key.includes(name)) found.push(`on conflict on ${table} sets ${name}, which is of its primary key`);
  }
  return found;
}

/** Every node below a value, with the name that it stands under. */
function* nodesIn(value: unknown): Generator<readonly [name: string, node: Node]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, child] of Object.entries(value)) {
    if (typeof child === 'object' && child !== null && !Array.isArray(child)) yield [name, child as Node];
    yield* nodesIn(child);
  }
}

function list(value: unknown): Node[] {
  return Array.isArray(value) ? (value as Node[]) : [];
}

function inner(value: unknown, kind: string): Node | undefined {
  return (value as Record<string, Node> | undefined)?.[kind];
}

/** The last part of a name that may stand with its schema. */
function lastName(parts: unknown): string {
  return text(inner(list(parts).at(-1), 'String')?.sval);
}
