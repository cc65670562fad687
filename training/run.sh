#!/bin/sh
# The whole recipe, from the pictures to public/models/framesift-clip-v1/. Each step goes on from what is there.
#   FRAMESIFT_TRAINING_DATA  folder with captions.jsonl.gz, the zips, clip_text_embeddings/ and teacher/
#   FRAMESIFT_TRAINING_DIR   folder for arrays and checkpoints (default training/.work)
#   FRAMESIFT_NODE_MODULES   folder whose node_modules hold the npm packages (default training/)
#   PYTHON                   an interpreter with torch, numpy, PIL and onnx
set -eu
cd "$(dirname "$0")"
PYTHON=${PYTHON:-python3}
WORK=${FRAMESIFT_TRAINING_DIR:-.work}
[ -n "${FRAMESIFT_NODE_MODULES:-}" ] || [ -d node_modules ] || ONNXRUNTIME_NODE_INSTALL_CUDA=skip npm install --no-audit --no-fund --no-package-lock
[ -f "$WORK/meta.json" ] || "$PYTHON" data.py
[ -f ../public/models/framesift-clip-v1/tokenizer.json ] || "$PYTHON" tokenizer.py
"$PYTHON" teacher.py
[ -f "$WORK/caption_vectors.npy" ] || "$PYTHON" train.py text --minutes "${TEXT_MINUTES:-5.5}" --batch 512
"$PYTHON" train.py vision --minutes "${VISION_MINUTES:-80}" ${VISION_ARGS:-}
MODEL=../public/models/framesift-clip-v1
"$PYTHON" export.py
"$PYTHON" relevance.py
node evaluate-onnx.mjs golden "$MODEL"
"$PYTHON" evaluate.py
"$PYTHON" evaluate.py --onnx
"$PYTHON" evaluate.py --compare
node evaluate-onnx.mjs time "$MODEL" "$WORK/time.json"
"$PYTHON" card.py
