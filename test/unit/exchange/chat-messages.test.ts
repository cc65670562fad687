import { describe, expect, it } from 'vitest';
import { chatJsonToManifest, toChatMessages, toChatPicture } from '@/lib/exchange/chat-messages';
import { toManifest } from '@/lib/exchange/manifest';
import { makeSelection } from './fixtures';

const manifest = toManifest(makeSelection(), new Date('2026-11-22T20:00:00Z'));
const picture = { mediaType: 'image/jpeg', base64: 'AAEC' } as const;

describe('messages for a vision model', () => {
  it.each([
    ['openai', { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,AAEC' } }],
    ['anthropic', { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'AAEC' } }],
  ] as const)('in the shape of %s have each time before its picture', (shape, part) => {
    const messages = toChatMessages(manifest, [picture, null, picture], shape);
    expect(messages).toHaveLength(1);
    expect(messages[0]!.role).toBe('user');
    expect(messages[0]!.content.slice(1, -1)).toEqual([
      { type: 'text', text: '0:01.0' },
      part,
      { type: 'text', text: '0:04.5 (no picture)' },
      { type: 'text', text: '0:12.5' },
      part,
    ]);
  });

  it('hold nothing but what the APIs take', () => {
    const [message] = toChatMessages(manifest, [picture, picture, picture], 'anthropic');
    expect(Object.keys(message!).sort()).toEqual(['content', 'role']);
    for (const part of message!.content) expect(['text', 'image']).toContain(part.type);
  });

  it('come back, alone or inside a request', () => {
    const messages = toChatMessages(manifest, [picture, picture, picture], 'openai');
    expect(chatJsonToManifest(JSON.stringify(messages))).toEqual(manifest);
    const request = { model: 'a-model', messages: [{ role: 'system', content: 'Look.' }, ...messages] };
    expect(chatJsonToManifest(JSON.stringify(request, null, 2))).toEqual(manifest);
  });

  it('of another program are none of ours', () => {
    expect(chatJsonToManifest('[{"role":"user","content":"hello"}]')).toBeNull();
    expect(chatJsonToManifest('{"messages":3}')).toBeNull();
    expect(() => chatJsonToManifest('[{"role":')).toThrow(/cut off/);
  });

  it('encode any bytes', async () => {
    const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => i % 256);
    const { base64, mediaType } = await toChatPicture(new Blob([bytes], { type: 'image/jpeg' }));
    expect(mediaType).toBe('image/jpeg');
    expect(Buffer.from(base64, 'base64')).toEqual(Buffer.from(bytes));
  });
});
