import { acceptBody, Connection, type ConnectionOptions } from './connection';
import { nameOf, type FileSource } from './file-source';

/**
 * Fetches and compiles a WebAssembly module at the same time. The answer is given to the browser as it comes, uncloned: only of
 * such a one does Chromium keep the compiled code for the next visit.
 *
 * @throws FramesiftError `file-unavailable` when it cannot be had or compiled, `cancelled`
 */
export async function compileFile(
  source: FileSource,
  options: ConnectionOptions = {},
): Promise<WebAssembly.Module> {
  const path = nameOf(source);
  const connection = new Connection(source, options);
  try {
    const response = await connection.open();
    acceptBody(source, path, response);
    return await WebAssembly.compileStreaming(response);
  } catch (error) {
    throw connection.describe(error, path);
  } finally {
    connection.close();
  }
}
