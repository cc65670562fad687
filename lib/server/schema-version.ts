/** Newest migration of a workspace that this server needs; it works with later ones too, which only add. */
export const WORKSPACE_VERSION = 3;
