using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;

namespace Kappa.Cli.Tests;

/// <summary>A Slurm of its own on this machine: one node that runs two tasks at a time, with its key, ports and files in one folder.</summary>
[SupportedOSPlatform("linux")]
internal sealed class SlurmCluster : IDisposable
{
    private const int TasksAtATime = 2;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(40);
    private static readonly string[] s_programs = ["munged", "slurmctld", "slurmd", "sbatch", "scancel", "scontrol", "squeue"];
    private readonly List<Process> _daemons = [];
    private readonly Dictionary<string, string> _environment;
    private readonly string _folder;

    /// <param name="folder">An empty folder, for the daemons; the caller deletes it.</param>
    /// <param name="programs">A folder of programs that jobs find by name.</param>
    public SlurmCluster(string folder, string programs)
    {
        // Daemons are not on every user's path.
        string path = $"{programs}:{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        string[] absent = [.. s_programs.Where(p => !path.Split(':').Any(at => File.Exists(Path.Combine(at, p))))];
        if (absent.Length > 0)
            throw new InvalidOperationException(
                $"The tests on Slurm need {string.Join(", ", absent)}: apt-get install --no-install-recommends slurmctld slurmd slurm-client munge");
        _folder = folder;
        _environment = new() { ["PATH"] = path, ["SLURM_CONF"] = In("slurm.conf") };
        try
        {
            Start();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Runs a program that must succeed; gives what it printed.</summary>
    public string Run(string directory, string program, params string[] arguments)
    {
        KappaProcess result = KappaProcess.Run(directory, program, arguments, _environment);
        Assert.That(result.ExitCode, Is.Zero, $"{program} {string.Join(' ', arguments)}: {result.Errors}{Logs()}");
        return result.Output.Trim();
    }

    /// <summary>A field of a job, as "JobState" or "ExitCode".</summary>
    public string Field(string job, string field) => Run(_folder, "scontrol", "--oneliner", "show", "job", job)
        .Split(' ').Single(word => word.StartsWith(field + "=", StringComparison.Ordinal))[(field.Length + 1)..];

    /// <summary>Waits until something holds.</summary>
    public void Await(string what, Func<bool> holds)
    {
        long start = Stopwatch.GetTimestamp();
        while (!holds())
        {
            if (Stopwatch.GetElapsedTime(start) > s_patience)
                throw new TimeoutException($"{what}: not in {s_patience.TotalSeconds} s{Logs()}");
            Thread.Sleep(20);
        }
    }

    public void Dispose()
    {
        // Daemons in the order in which they depend on each other, then what they leave: jobs' processes outlive slurmd.
        foreach (Process daemon in Enumerable.Reverse(_daemons))
            using (daemon)
            {
                Kill(daemon.Id, "-TERM");
                if (!daemon.WaitForExit(TimeSpan.FromSeconds(5)))
                    daemon.Kill(entireProcessTree: true);
            }

        byte[] mark = Encoding.UTF8.GetBytes("SLURM_CONF=" + In("slurm.conf"));
        foreach (string process in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out int id) && IsMarked(process, mark))
                Kill(id, "-KILL");
    }

    private void Start()
    {
        foreach (string name in new[] { "state", "spool" })
            Directory.CreateDirectory(In(name));
        File.WriteAllBytes(In("munge.key"), RandomNumberGenerator.GetBytes(128));
        File.SetUnixFileMode(In("munge.key"), UnixFileMode.UserRead);
        int[] ports = FreePorts(2);
        string host = Environment.MachineName, user = Environment.UserName;
        File.WriteAllText(In("slurm.conf"), $"""
            ClusterName=kappa
            SlurmctldHost={host}(127.0.0.1)
            SlurmctldPort={ports[0]}
            SlurmdPort={ports[1]}
            SlurmUser={user}
            SlurmdUser={user}
            AuthType=auth/munge
            AuthInfo=socket={In("munge.socket")}
            StateSaveLocation={In("state")}
            SlurmdSpoolDir={In("spool")}
            SlurmctldPidFile={In("slurmctld.pid")}
            SlurmdPidFile={In("slurmd.pid")}
            ProctrackType=proctrack/pgid
            TaskPlugin=task/none
            SelectType=select/cons_tres
            SelectTypeParameters=CR_CPU
            SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=10000,bf_interval=1
            SlurmdParameters=config_overrides
            AccountingStorageType=accounting_storage/none
            JobAcctGatherType=jobacct_gather/none
            MpiDefault=none
            KillWait=2
            NodeName={host} NodeAddr=127.0.0.1 CPUs={TasksAtATime}
            PartitionName=kappa Nodes={host} Default=YES State=UP

            """);
        StartDaemon($"munged --foreground --force --socket={In("munge.socket")} --key-file={In("munge.key")} --pid-file={In("munged.pid")} --log-file={In("munge.log")} --seed-file={In("munge.seed")}");
        Await("munged", () => File.Exists(In("munge.socket")));
        StartDaemon("slurmctld -D");
        StartDaemon($"slurmd -D -N {host}");
        Await("an idle node", () => KappaProcess.Run(_folder, "sinfo", ["--noheader", "--format=%T"], _environment).Output.Trim() == "idle");
    }

    private void StartDaemon(string command)
    {
        string log = In(command.Split(' ')[0] + ".out");
        _daemons.Add(KappaProcess.Start(_folder, "bash", ["-c", $"exec {command} > '{log}' 2>&1"], _environment));
    }

    private string In(string name) => Path.Combine(_folder, name);

    private string Logs() => string.Concat(Directory.EnumerateFiles(_folder, "*.out").Select(log => $"\n{Path.GetFileName(log)}:\n{File.ReadAllText(log)}"));

    private static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners)
            listener.Start();
        int[] ports = [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners)
            listener.Dispose();
        return ports;
    }

    private static bool IsMarked(string process, byte[] mark)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(process, "environ")).AsSpan().IndexOf(mark) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another user's, or gone by now.
            return false;
        }
    }

    private static void Kill(int id, string signal)
    {
        using Process kill = Process.Start("kill", [signal, id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
