using System.CommandLine;
using System.Globalization;
using Kappa.Training.Experiments;

namespace Kappa.Cli;

/// <summary>--shard, and what a scheduler says in its place: the part of the work that this process is to do.</summary>
internal static class ShardOption
{
    /// <summary>The variable that says of how many parts the scheduler's number is one.</summary>
    public const string CountVariable = "KAPPA_SHARDS";

    private const string Slurm = "SLURM_ARRAY_TASK_ID", Kubernetes = "JOB_COMPLETION_INDEX";

    public static Option<Shard?> Create() => new("--shard")
    {
        Description = "Do part i of N, 0 ≤ i < N; 'kappa merge' puts the parts together. Default: as the task of a Slurm array or of an "
            + $"indexed Kubernetes Job (with {CountVariable}) that this is; 0/1 is the whole in any case.",
        HelpName = "i/N",
        CustomParser = result => Shard.Parse(result.Tokens[0].Value) ?? Options.Refuse<Shard?>(result, "must be i/N, whole numbers with 0 ≤ i < N"),
    };

    /// <summary>What the option says, or else the scheduler; null for the whole.</summary>
    /// <param name="given">The option.</param>
    /// <param name="note">Where the scheduler decided, a line that says so.</param>
    /// <exception cref="UserException">The scheduler's variables contradict each other.</exception>
    public static Shard? Resolve(Shard? given, out string? note)
    {
        note = null;
        if (given is not null)
            return given.Count == 1 ? null : given;
        Shard? shard = FromScheduler(Environment.GetEnvironmentVariable, out string variable);
        if (shard is not null)
            note = $"Shard {shard}, as {variable} says; --shard 0/1 runs the whole.";
        return shard;
    }

    /// <summary>The shard that a scheduler's variables tell; null where there is no scheduler.</summary>
    /// <remarks>
    /// Part i of N is task MIN + i·STEP of a Slurm array of COUNT tasks, or index i of a Kubernetes Job, whose N is in KAPPA_SHARDS. With
    /// KAPPA_SHARDS a Slurm task's id is i itself, so that a few of N tasks can be submitted again.
    /// </remarks>
    /// <param name="environment">The value of a variable, null where it is not set.</param>
    /// <param name="variable">The variable that gave i.</param>
    /// <exception cref="UserException">The variables contradict each other.</exception>
    public static Shard? FromScheduler(Func<string, string?> environment, out string variable)
    {
        int? Number(string name) => environment(name) is not { Length: > 0 } text ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value
            : throw new UserException($"{name} is '{text}', no whole number; --shard i/N goes before it");

        int? task = Number(Slurm), pod = Number(Kubernetes), count = Number(CountVariable);
        variable = task is null ? Kubernetes : Slurm;
        if (task is not null && pod is not null)
            throw new UserException($"both {Slurm} and {Kubernetes} are set; say which shard this is with --shard i/N");
        if ((task ?? pod) is not int index)
            return count is null ? null
                : throw new UserException($"{CountVariable} is {count}, and neither {Slurm} nor {Kubernetes} says which of them this is; give --shard i/N");
        if (count is not null)
            return index < count ? new Shard(index, count.Value)
                : throw new UserException($"{variable} is {index}, and {CountVariable} {count}: shards are counted from 0");
        if (task is null)
            throw new UserException($"{Kubernetes} is {index}, and {CountVariable} does not say of how many; set it to the Job's completions, or give --shard i/N");

        const string Min = "SLURM_ARRAY_TASK_MIN", Step = "SLURM_ARRAY_TASK_STEP", Count = "SLURM_ARRAY_TASK_COUNT";
        if (Number(Min) is not int first || Number(Count) is not int tasks)
            throw new UserException($"{Slurm} is {index}, and {Min} or {Count} is not set; give --shard i/N");
        int step = Number(Step) ?? 1;
        return step > 0 && index >= first && (index - first) % step == 0 && (index - first) / step < tasks
            ? new Shard((index - first) / step, tasks)
            : throw new UserException($"task {index} is not one of {tasks} from {first} in steps of {step}, as {Min}, {Step} and {Count} say; "
                + $"submit --array=0-N, or set {CountVariable}");
    }
}
