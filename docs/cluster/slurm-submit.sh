#!/usr/bin/env bash
# Runs experiments, or scans checkpoints, in N tasks of a job array and merges what they did into DIR:
#   docs/cluster/slurm-submit.sh N DIR run EXPERIMENT… [OPTION…]
#   docs/cluster/slurm-submit.sh N DIR scan PATH… [OPTION…]
# The same command again does what is missing. SBATCH_PARTITION, SBATCH_ACCOUNT, SBATCH_TIMELIMIT, … say where and how long.
set -euo pipefail
shards=$1 directory=$2
scripts=$(dirname "$0")
array=$(sbatch --parsable --array="0-$((shards - 1))" "$scripts/slurm-run.sh" "${@:2}")
merge=$(sbatch --parsable --dependency="afterany:$array" "$scripts/slurm-merge.sh" "$shards" "$directory")
echo "$array $merge"
