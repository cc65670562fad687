import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { root } from '../host/served-page';
import { peerVersions } from './peer-site';

/** Machine and versions that figures were taken on, as one sentence. Figures of another sentence are not comparable. */
export function describeEnvironment(chromium: string, hasPeer: boolean): string {
  const processors = cpus();
  const parts = [
    `${processors[0]?.model ?? 'unknown processor'}, ${processors.length} cores`,
    `Chromium ${chromium.split('.')[0]} headless`,
    `Node ${process.versions.node.split('.')[0]}`,
    `onnxruntime-web ${installedVersion('onnxruntime-web')}`,
  ];
  if (hasPeer) {
    const peer = peerVersions();
    parts.push(
      `peer: transformers.js ${peer['@huggingface/transformers']} on onnxruntime-web ${peer['onnxruntime-web']}`,
    );
  }
  return `${parts.join('; ')}.`;
}

/** Date and commit of a measurement, as a table's cell. */
export function describeMoment(): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  }).trim();
  return `${new Date().toISOString().slice(0, 10)}, ${commit}`;
}

function installedVersion(name: string): string {
  const text = readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
