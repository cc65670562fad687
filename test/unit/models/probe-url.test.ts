import { afterEach, beforeEach, expect, it } from 'vitest';
import { probeBaseUrl } from '@/lib/models/probe-url';
import { graphBytes } from './fixtures';
import { HubServer } from '../../support/hub-server';

let hub: HubServer;
beforeEach(async () => (hub = await HubServer.start()));
afterEach(() => hub.stop());

const byPath = (found: { path: string }[]) => found.map(({ path }) => path).sort();

it('finds the files that are there with their sizes, and fetches none', async () => {
  hub.serve('clip/config.json', new TextEncoder().encode('{}'));
  hub.serve('clip/onnx/model.onnx', graphBytes(1234));
  const found = await probeBaseUrl(`${hub.baseUrl}/clip`);
  expect(found).toEqual(
    expect.arrayContaining([
      { path: 'config.json', bytes: 2 },
      { path: 'onnx/model.onnx', bytes: 1234 },
    ]),
  );
  expect(found).toHaveLength(2);
  expect(hub.requests.every(({ method }) => method === 'HEAD')).toBe(true);
});

it('does not take a web page for a file', async () => {
  hub.serve('config.json', new TextEncoder().encode('{}'));
  hub.serve('tokenizer.json', new TextEncoder().encode('<html>'), {
    contentType: 'text/html; charset=utf-8',
  });
  expect(byPath(await probeBaseUrl(hub.baseUrl))).toEqual(['config.json']);
});

it.each([405, 501, 403])('asks in another way where HEAD is answered with %d', async (status) => {
  hub.serve('config.json', new TextEncoder().encode('{}'), { faults: [{ status }] });
  expect(byPath(await probeBaseUrl(hub.baseUrl))).toEqual(['config.json']);
});

it('says when nobody answers', async () => {
  const { baseUrl } = hub;
  await hub.stop();
  await expect(probeBaseUrl(baseUrl)).rejects.toThrow(/could not be asked/);
  hub = await HubServer.start();
});
