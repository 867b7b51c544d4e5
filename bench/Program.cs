using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Running;
using Kappa.Bench;

// All benchmarks together take minutes to compile on a busy machine.
IConfig config = ManualConfig.Create(DefaultConfig.Instance).WithBuildTimeout(TimeSpan.FromMinutes(15));
// What needs OpenBLAS is left out where there is none.
if (Contenders.OpenBlas is null)
    config = config.AddFilter(new SimpleFilter(benchmark => !benchmark.Descriptor.HasCategory(Contenders.NeedsOpenBlas)));
BenchmarkSwitcher.FromAssembly(typeof(Contenders).Assembly).Run(args, config);
