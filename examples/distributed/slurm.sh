#!/bin/sh
# Experiment 1 as a Slurm array: one task a shard, then one job that puts them together.
#
#     sbatch --array=1-7 slurm.sh model.onnx cifar100:train cifar100:test /shared/out
#
# The first task submits the job that merges, solves and evaluates, to start when all tasks are done; it goes if one of
# them failed. Run the same line again then: what is done is taken up. /shared/out lies on a disk that all nodes see.
#SBATCH --job-name=featreconstruct
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --requeue
set -eu
model=$1 train=$2 test=$3 out=$4
# A job inherits the variables of the task that submits it, SLURM_ARRAY_TASK_ID among them: only an argument tells them apart.
step=${5:-shard}
cli=${FEATRECONSTRUCT_CLI:-npx featreconstruct}

if [ "$step" = together ]; then
    $cli merge "$out"/part*.stats --out "$out/all.stats"
    $cli solve "$out/all.stats" --out "$out/map.safetensors"
    $cli extract --model "$model" --dataset "$test" --threads "$SLURM_CPUS_PER_TASK" --store "$out/test.safetensors"
    $cli evaluate --head "$model" --map "$out/map.safetensors" \
        --x "$out/test.safetensors" --logits "$out/test.safetensors" --truth "$out/test.safetensors"
    exit
fi

mkdir -p "$out"
first=${SLURM_ARRAY_TASK_MIN:?start it with sbatch --array=1-N}
if [ "$SLURM_ARRAY_TASK_ID" = "$first" ] && [ "${SLURM_RESTART_COUNT:-0}" = 0 ]; then
    sbatch --dependency="afterok:$SLURM_ARRAY_JOB_ID" --kill-on-invalid-dep=yes \
        --cpus-per-task="$SLURM_CPUS_PER_TASK" "$0" "$model" "$train" "$test" "$out" together
fi
# As many threads in every task: another number may round differently.
$cli accumulate --model "$model" --dataset "$train" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" \
    --threads "$SLURM_CPUS_PER_TASK" --out "$out/part$SLURM_ARRAY_TASK_ID.stats"
