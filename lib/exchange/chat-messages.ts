import { formatMoment } from '@/lib/shared/format';
import { FramesiftError } from '@/lib/shared/errors';
import { checkManifest, type SelectionManifest } from './manifest';

/** The two message shapes that chat APIs share: OpenAI's chat completions and Anthropic's messages. */
export type ChatShape = 'openai' | 'anthropic';

/** Longest side of a picture for a chat API: both bill by size, and scale down what is much larger. */
export const CHAT_PICTURE_MAX_SIDE = 768;

/** A picture for a message. */
export interface ChatPicture {
  mediaType: 'image/jpeg' | 'image/png' | 'image/webp';
  base64: string;
}

interface ChatText {
  type: 'text';
  text: string;
}

type ChatPart =
  | ChatText
  | { type: 'image_url'; image_url: { url: string } }
  | { type: 'image'; source: { type: 'base64'; media_type: string; data: string } };

export interface ChatMessage {
  role: 'user';
  content: ChatPart[];
}

/** Stands in the first part, so that a file of messages is known by its beginning. */
export const CHAT_SIGN = 'picked by Framesift';

/**
 * What the manifest is behind. APIs refuse fields that they do not know, in a message as beside it, and take any text:
 * so it is a text part, the last one, and short.
 */
const MANIFEST_START = 'Framesift selection: ';

/**
 * The frames as one message for a vision model: the question, each frame's time and the frame, in order.
 *
 * @param pictures one for each of the manifest's frames; null where there is none, and then its time stands alone
 */
export function toChatMessages(
  manifest: SelectionManifest,
  pictures: readonly (ChatPicture | null)[],
  shape: ChatShape,
): ChatMessage[] {
  const names = new Map(manifest.clips.map(({ eventId, fileName }) => [eventId, fileName ?? 'a clip']));
  const withFrames = new Set(manifest.frames.map(({ eventId }) => eventId));
  const isOneClip = withFrames.size <= 1;
  const [onlyClip] = withFrames;
  const source = isOneClip ? (names.get(onlyClip ?? '') ?? 'a clip') : `${withFrames.size} clips`;
  const content: ChatPart[] = [
    {
      type: 'text',
      text: `${manifest.frames.length} frames of ${source}, ${CHAT_SIGN} for “${manifest.question.text}”, in order of time. Each follows its time in the clip.`,
    },
  ];
  manifest.frames.forEach((frame, i) => {
    const time = formatMoment({ ...frame, span: frame.span ?? null });
    const where = isOneClip ? time : `${names.get(frame.eventId) ?? 'a clip'}, ${time}`;
    const picture = pictures[i];
    content.push({ type: 'text', text: picture ? where : `${where} (no picture)` });
    if (picture) content.push(toPart(picture, shape));
  });
  content.push({ type: 'text', text: MANIFEST_START + JSON.stringify(manifest) });
  return [{ role: 'user', content }];
}

function toPart({ mediaType, base64 }: ChatPicture, shape: ChatShape): ChatPart {
  return shape === 'openai'
    ? { type: 'image_url', image_url: { url: `data:${mediaType};base64,${base64}` } }
    : { type: 'image', source: { type: 'base64', media_type: mediaType, data: base64 } };
}

/**
 * The manifest in messages that `toChatMessages` made, also where a program has put them into a request.
 *
 * @returns null where there is none
 */
export function chatJsonToManifest(json: string): SelectionManifest | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new FramesiftError('bad-input', 'These messages are cut off: they are not valid JSON.', { cause });
  }
  const messages = Array.isArray(value) ? value : (value as { messages?: unknown } | null)?.messages;
  if (!Array.isArray(messages)) return null;
  for (const message of messages as unknown[]) {
    const content = (message as { content?: unknown } | null)?.content;
    if (!Array.isArray(content)) continue;
    for (const part of content as unknown[]) {
      const text = (part as { text?: unknown } | null)?.text;
      if (typeof text !== 'string' || !text.startsWith(MANIFEST_START)) continue;
      let manifest: unknown;
      try {
        manifest = JSON.parse(text.slice(MANIFEST_START.length));
      } catch (cause) {
        throw new FramesiftError('bad-input', 'The selection in these messages is damaged.', { cause });
      }
      return checkManifest(manifest);
    }
  }
  return null;
}

/** Base64 of a picture's bytes. */
export async function toChatPicture(picture: Blob): Promise<ChatPicture> {
  const bytes = new Uint8Array(await picture.arrayBuffer());
  let binary = '';
  // The spread of a longer run would overflow the stack.
  for (let start = 0; start < bytes.length; start += 0x2000) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 0x2000));
  }
  return { mediaType: picture.type as ChatPicture['mediaType'], base64: btoa(binary) };
}
