using BenchmarkDotNet.Running;
using Kappa.Bench;

if (args is ["compare", .. var rest])
    Compare.Run(rest);
else
    BenchmarkSwitcher.FromAssembly(typeof(Compare).Assembly).Run(args);
