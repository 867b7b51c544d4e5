#!/usr/bin/env bash
# One task of the array: sbatch --array=0-7 slurm-run.sh DIR COMMAND… (run or scan with what they take)
#SBATCH --job-name=kappa
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=kappa-%A_%a.log
# The command finds out which shard this is, and keeps the trials that an earlier attempt finished.
# exec: Slurm's signals reach it, not the shell.
exec kappa "${@:2}" --out "$1" --resume --threads "${SLURM_CPUS_PER_TASK:-1}"
