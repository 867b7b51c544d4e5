#!/usr/bin/env bash
# The job after the array: slurm-merge.sh N DIR
#SBATCH --job-name=kappa-merge
#SBATCH --output=kappa-merge-%j.log
exec kappa merge "$2"-shard-*-of-"$1" --out "$2"
