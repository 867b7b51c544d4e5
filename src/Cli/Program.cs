using System.CommandLine;
using Kappa.Cli;
using Kappa.Cli.Commands;

RootCommand root = new("""
    Kappa: what training does to the spectrum of a weight matrix.

    Start with 'kappa run all': nine experiments at the paper's scale, 10 to 40 seconds, one page of results;
    'kappa claims' judges the paper's claims by them, and 'kappa run all --controls' questions them.
    'kappa scan model.safetensors' measures every tensor of a trained model, 'kappa select model.safetensors' those to fine-tune.
    Then 'kappa svd W.npy' for the condition number of a matrix of yours, 'kappa imbalance' for the gradient that each of its
    singular values gets, 'kappa cpu' for the kernels of this machine,
    'kappa bench gemm' and 'kappa bench svd' for their speed and accuracy beside OpenBLAS.
    """)
{
    RunCommand.Create(),
    MergeCommand.Create(),
    ReportCommand.Create(),
    ClaimsCommand.Create(),
    SvdCommand.Create(),
    ScanCommand.Create(),
    SelectCommand.Create(),
    ImbalanceCommand.Create(),
    CpuCommand.Create(),
    BenchCommand.Create(),
};
root.Options.Add(Options.VectorPath);
return await CommandLine.Run(root, args);
