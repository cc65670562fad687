"""Train the byte-level BPE vocabulary, write tokenizer.json in CLIP's form, and encode with it.

The file is what Hugging Face `tokenizers` (and `@huggingface/tokenizers`) read; `Tokenizer` here gives the
same ids. Words come from the training captions, the class names, the 2,148 names with CLIP text
vectors, and the words people type around them.

Run:  python3 tokenizer.py
"""
from __future__ import annotations

import heapq
import json
import re
import unicodedata
from collections import Counter, defaultdict
from functools import lru_cache
from pathlib import Path

import numpy as np

from common import CONTEXT, DATA, MODEL_DIR

VOCABULARY = 6656
START, END = "<|startoftext|>", "<|endoftext|>"
SUFFIX = "</w>"
PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
PROMPT_WORDS = """a an the photo picture image video frame scene of with in on at by near next to and or no not is are
was were when where what who which how many much show find me moment someone something somebody anyone anything person
people man woman child kid boy girl baby dog cat bird animal car truck bus van bicycle bike motorcycle scooter vehicle
taxi train boat plane parcel package box delivery courier mail postman mailman door doorstep porch gate driveway garage
garden yard lawn fence street road sidewalk pavement crossing traffic light sign parking lot house building window
kitchen bedroom living room office hallway corridor stairs shop store supermarket school night day morning evening
dawn dusk sunrise sunset dark bright empty crowded rain rainy raining wet snow snowy snowing fog foggy cloud cloudy sky
sun sunny storm wind beach sea ocean lake river water waterfall forest tree trees wood woods field grass mountain hill
desert city town village bridge park playground red green blue yellow white black grey gray brown orange pink purple
silver umbrella suitcase bag backpack bottle cup phone laptop screen ladder fire smoke ball camera closeup view indoor
indoors outdoor outdoors outside inside first last before after while time appears leaves arrives enters walks runs
standing sitting walking running riding driving parked passing carrying holding wearing eating drinking playing jumping
swimming sleeping cooking working talking waiting looking opening closing left right middle top bottom front back behind
one two three four five six seven eight nine ten""".split()


@lru_cache(None)
def byte_symbols() -> tuple[str, ...]:
    """GPT-2's printable symbol of each byte value."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    symbols, extra = {}, 0
    for b in range(256):
        if b in keep:
            symbols[b] = chr(b)
        else:
            symbols[b] = chr(256 + extra)
            extra += 1
    return tuple(symbols[b] for b in range(256))


def byte_order() -> list[str]:
    """The 256 symbols in the order CLIP's vocabulary lists them."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in keep]
    return [byte_symbols()[b] for b in [*keep, *rest]]


def _kind(c: str) -> str:
    if c.isspace():
        return " "
    category = unicodedata.category(c)[0]
    return category if category in "LN" else "x"


def pretokens(text: str) -> list[str]:
    """Normalise as CLIP does (NFC, blanks to one, lower case) and split as its pattern does."""
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).lower()
    out, i = [], 0
    while i < len(text):
        short = re.match(r"'s|'t|'re|'ve|'m|'ll|'d", text[i : i + 3])
        if short:
            j = i + short.end()
            out.append(text[i:j])
            i = j
            continue
        kind, j = _kind(text[i]), i + 1
        if kind == " ":
            i = j
            continue
        while kind != "N" and j < len(text) and _kind(text[j]) == kind:
            j += 1
        out.append(text[i:j])
        i = j
    return out


def symbols(word: str) -> tuple[str, ...]:
    """A pre-token as byte symbols, the last with the end-of-word suffix."""
    table = byte_symbols()
    chars = [table[b] for b in word.encode()]
    chars[-1] += SUFFIX
    return tuple(chars)


def train(counts: Counter[str], size: int) -> list[tuple[str, str]]:
    """The merges of a byte pair encoding of `counts`, most frequent pair first, ties by spelling."""
    words = [list(symbols(w)) for w in counts]
    freq = list(counts.values())
    pairs: Counter[tuple[str, str]] = Counter()
    where: dict[tuple[str, str], set[int]] = defaultdict(set)
    for k, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pairs[pair] += freq[k]
            where[pair].add(k)
    heap = [(-n, pair) for pair, n in pairs.items()]
    heapq.heapify(heap)
    merges: list[tuple[str, str]] = []
    while len(merges) < size and heap:
        n, pair = heapq.heappop(heap)
        if pairs[pair] != -n or n == 0:
            continue
        merges.append(pair)
        touched = set()
        for k in list(where[pair]):
            word = words[k]
            for old in zip(word, word[1:]):
                pairs[old] -= freq[k]
                touched.add(old)
            merged, i = [], 0
            while i < len(word):
                if i + 1 < len(word) and (word[i], word[i + 1]) == pair:
                    merged.append(word[i] + word[i + 1])
                    i += 2
                else:
                    merged.append(word[i])
                    i += 1
            words[k] = merged
            for new in zip(merged, merged[1:]):
                pairs[new] += freq[k]
                where[new].add(k)
                touched.add(new)
        for pair in touched:
            if pairs[pair] > 0:
                heapq.heappush(heap, (-pairs[pair], pair))
    return merges


def tokenizer_json(merges: list[tuple[str, str]]) -> dict[str, object]:
    """The `tokenizers` description of the vocabulary, laid out as CLIP's own."""
    base = byte_order()
    names = [*base, *(c + SUFFIX for c in base), *(a + b for a, b in merges), START, END]
    vocab = {name: k for k, name in enumerate(names)}
    assert len(vocab) == len(names)
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": vocab[t], "content": t, **special} for t in (START, END)],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "NFC"},
            {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
            {"type": "Lowercase"}]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Removed", "invert": True},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}]},
        "post_processor": {"type": "RobertaProcessing", "sep": [END, vocab[END]], "cls": [START, vocab[START]],
                           "trim_offsets": False, "add_prefix_space": False},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": END, "continuing_subword_prefix": "",
                  "end_of_word_suffix": SUFFIX, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": vocab, "merges": [f"{a} {b}" for a, b in merges]},
    }


class Tokenizer:
    """Text to ids with the shipped tokenizer.json."""

    def __init__(self, path: Path = MODEL_DIR / "tokenizer.json") -> None:
        model = json.loads(path.read_text())["model"]
        self.vocab: dict[str, int] = model["vocab"]
        self.rank = {tuple(m.split(" ")): k for k, m in enumerate(model["merges"])}
        self.start, self.end = self.vocab[START], self.vocab[END]
        self._word = lru_cache(None)(self._encode_word)

    def _encode_word(self, word: str) -> tuple[int, ...]:
        parts = list(symbols(word))
        while len(parts) > 1:
            best = min(range(len(parts) - 1), key=lambda i: self.rank.get((parts[i], parts[i + 1]), 1 << 30))
            if (parts[best], parts[best + 1]) not in self.rank:
                break
            parts[best : best + 2] = [parts[best] + parts[best + 1]]
        return tuple(self.vocab[p] for p in parts)

    def encode(self, text: str) -> list[int]:
        """Ids with start and end."""
        return [self.start, *(i for w in pretokens(text) for i in self._word(w)), self.end]

    def batch(self, texts: list[str], context: int = CONTEXT) -> np.ndarray:
        """Ids int64 [n, t], t ≤ context, cut (the end kept) and padded with the end token."""
        ids = [self.encode(t) for t in texts]
        ids = [i if len(i) <= context else [*i[: context - 1], self.end] for i in ids]
        out = np.full((len(ids), max(map(len, ids))), self.end, np.int64)
        for k, i in enumerate(ids):
            out[k, : len(i)] = i
        return out


def names() -> list[str]:
    """The 2,148 names in the order of the CLIP text vectors."""
    table = json.loads((DATA / "clip_text_embeddings" / "names.json").read_text())
    return [name.replace("_", " ").strip() for file in sorted(table) for name in table[file]["names"]]


def name_vectors() -> np.ndarray:
    """CLIP's own text vectors of "a {name}" for names(), unit length, float32 [2148, 512]."""
    folder = DATA / "clip_text_embeddings"
    table = json.loads((folder / "names.json").read_text())
    parts = []
    for file in sorted(table):
        part = np.load(folder / file).astype(np.float32)
        parts.append(part if len(part) == len(table[file]["names"]) else part.T)
    out = np.concatenate(parts)
    return out / np.linalg.norm(out, axis=1, keepdims=True)


def corpus() -> Counter[str]:
    """How often each pre-token is to count."""
    from data import load_meta

    counts: Counter[str] = Counter()
    for row in load_meta():
        if row["split"] == "train":
            weight = 5 if row["source"] == "flickr8k" else 1
            for caption in row["captions"]:
                for word in pretokens(caption):
                    counts[word] += weight
    for name in names():
        for word in pretokens(name):
            counts[word] += 20
    for word in PROMPT_WORDS:
        counts[word] += 200
    return counts


def main() -> None:
    merges = train(corpus(), VOCABULARY - 514)
    MODEL_DIR.mkdir(parents=True, exist_ok=True)
    (MODEL_DIR / "tokenizer.json").write_text(json.dumps(tokenizer_json(merges), ensure_ascii=False))
    t = Tokenizer()
    print(len(t.vocab), [t.encode(s) for s in ("a red car", "someone leaves a parcel at the door", "Ein Café!")])


if __name__ == "__main__":
    main()
