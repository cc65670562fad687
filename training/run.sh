#!/bin/sh
# The recipe of framesift-clip-v2 for a machine without a GPU, from the pictures to a model's folder. Each step goes on from
# what is there.
#   FRAMESIFT_TRAINING_DATA  folder with captions.jsonl.gz, the zips, clip_text_embeddings/ and teacher/
#   FRAMESIFT_TRAINING_DIR   folder for arrays and checkpoints (default training/.work)
#   FRAMESIFT_NODE_MODULES   folder whose node_modules hold the npm packages (default training/)
#   FRAMESIFT_MODEL_DIR     folder of the model's files (default $FRAMESIFT_TRAINING_DIR/model)
#   PYTHON                   an interpreter with torch, numpy, PIL and onnx
#   FIRST_MINUTES, SECOND_MINUTES   lengths of the two vision runs
set -eu
cd "$(dirname "$0")"
PYTHON=${PYTHON:-python3}
WORK=${FRAMESIFT_TRAINING_DIR:-.work}
MODEL=${FRAMESIFT_MODEL_DIR:-$WORK/model}
export FRAMESIFT_MODEL_DIR="$MODEL"
[ -n "${FRAMESIFT_NODE_MODULES:-}" ] || [ -d node_modules ] || ONNXRUNTIME_NODE_INSTALL_CUDA=skip npm install --no-audit --no-fund --no-package-lock
[ -f "$WORK/meta.json" ] || "$PYTHON" data.py
[ -f "$MODEL/tokenizer.json" ] || "$PYTHON" tokenizer.py

# First run, from random weights: the teacher saw two views of each picture.
"$PYTHON" teacher.py
[ -f "$WORK/text_captions.npy" ] || "$PYTHON" train.py text --minutes 5.5 --batch 512 --lr 1.5e-3 --weights class=0
"$PYTHON" train.py vision --minutes "${FIRST_MINUTES:-80}" --sides 0:80,0.5:96,0.9:128 --joint 0.75 --weights class=0

# Second run: any crop of the teacher's maps, and the names of its classes.
"$PYTHON" teacher.py --maps
AGAIN="--batch 512 --lr 8e-4 --teacher maps --weights class=0.5"
[ -f "$WORK/text2_captions.npy" ] || "$PYTHON" train.py text --name text2 --start vision --minutes 7 --seed 2 $AGAIN
[ -f "$WORK/text3_captions.npy" ] || "$PYTHON" train.py text --name text3 --start text2 --minutes 8 --seed 3 $AGAIN
"$PYTHON" train.py vision --name vision2 --start vision --text text3 --minutes "${SECOND_MINUTES:-79}" --lr 1.2e-3 \
  --sides 0:96,0.6:112,0.88:128 --joint 0.7 --teacher maps --degrade --seed 2

"$PYTHON" export.py --name vision2
"$PYTHON" words.py
node evaluate-onnx.mjs golden "$MODEL"
"$PYTHON" evaluate.py --name vision2_final
"$PYTHON" evaluate.py --onnx
"$PYTHON" evaluate.py --compare --name vision2_final
"$PYTHON" evaluate.py --robust --name vision2_final
"$PYTHON" evaluate.py --sides --name vision2_final
"$PYTHON" calibrate.py --name vision2_final
node evaluate-onnx.mjs time "$MODEL" "$WORK/time.json"
"$PYTHON" card.py --name vision2_final
