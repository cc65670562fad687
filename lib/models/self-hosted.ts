/**
 * Where the files of a model that this site serves begin, without a slash at the end. A build puts a digest
 * of the model's files into the path, so that hosts and browsers can keep them for ever and still never mix
 * two versions (next.config.js); outside a build it is the model's folder.
 */
export function selfHostedModel(id: string): string {
  const digest = readDigests()[id];
  return digest === undefined ? `/models/${id}` : `/models/${id}/${digest}`;
}

function readDigests(): Partial<Record<string, string>> {
  // Replaced by the bundler with the text itself.
  const text = process.env.FRAMESIFT_MODEL_DIGESTS;
  return text ? (JSON.parse(text) as Record<string, string>) : {};
}
