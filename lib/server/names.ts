/** Schema of the tables that say who may use which library. */
export const REGISTRY_SCHEMA = 'framesift';

/** Role that reads and writes the registry and no workspace. */
export const REGISTRY_ROLE = 'framesift_server';

/** Schema of a workspace. */
export function schemaOf(workspace: string): string {
  return `ws_${workspace}`;
}

/** The one role that reads and writes a workspace, and nothing else. */
export function roleOf(workspace: string): string {
  return `fsw_${workspace}`;
}
