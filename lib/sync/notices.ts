/** Something that a person should know about what another device did. */
export type Notice =
  | { kind: 'same-field'; clip: string; who: string; field: string; theirs: string; ours: string }
  | { kind: 'read-again'; clip: string; who: string; model: string }
  | {
      kind: 'deleted' | 'unshared';
      clip: string;
      /** The clip as it stays on this device. */
      copy: string;
      who: string;
      name: string;
      /** It stays because its video is here and may be nowhere else; left out where it stays for changes of this device. */
      hasVideo?: true;
    };

/** Names a notice: a later one about the same takes its place. */
export function noticeId(notice: Notice): string {
  return [notice.kind, notice.clip, ...('field' in notice ? [notice.field] : [])].join(':');
}

/** The notice as sentences, with what can be done about it as a question where there is a choice. */
export function describeNotice(notice: Notice): string {
  const { who } = notice;
  switch (notice.kind) {
    case 'same-field':
      return notice.field === 'description'
        ? `${who} called it “${notice.theirs}” first. Use “${notice.ours}” instead?`
        : `${who} set its ${FIELD_NAMES[notice.field] ?? notice.field} to ${notice.theirs} first. Use ${notice.ours} instead?`;
    case 'read-again':
      return `${who} read this clip again with ${notice.model}; those vectors are used.`;
    case 'deleted':
      return `${who} deleted “${notice.name}”. ${whyItStays(notice)}`;
    case 'unshared':
      return `${who} stopped sharing “${notice.name}”. ${whyItStays(notice)}`;
  }
}

function whyItStays({ hasVideo }: Extract<Notice, { copy: string }>): string {
  return hasVideo
    ? 'It stays on this computer, which has its video. Keep it?'
    : 'Your changes were not shared. Keep a copy?';
}

const FIELD_NAMES: Readonly<Record<string, string>> = {
  timestamp: 'time',
  smart_detection_type: 'kind',
};
