using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Kappa.Cli.Tests;

/// <summary>Writes a float64 matrix as NumPy's format version 1.0.</summary>
internal static class NpyWriter
{
    public static void Write(string path, int rows, int columns, double[] elements)
    {
        string header = string.Create(CultureInfo.InvariantCulture, $"{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {columns}), }}").PadRight(117) + "\n";
        File.WriteAllBytes(path, [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. MemoryMarshal.AsBytes(elements.AsSpan())]);
    }
}
