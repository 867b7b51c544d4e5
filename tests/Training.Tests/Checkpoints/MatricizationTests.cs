using Kappa.Kernels;
using Kappa.Training.Checkpoints;
using NUnit.Framework;

namespace Kappa.Training.Tests.Checkpoints;

public class MatricizationTests
{
    private string _path = "";
    private Checkpoint? _checkpoint;

    [SetUp]
    public void MakeFile() => _path = Path.GetTempFileName();

    [TearDown]
    public void DeleteFile()
    {
        _checkpoint?.Dispose();
        File.Delete(_path);
    }

    private TensorMatrix[] Of(Matricization matricization, params (string Name, ElementType Type, long[] Shape, byte[] Data)[] tensors)
    {
        File.WriteAllBytes(_path, Safetensors.File(tensors));
        _checkpoint = Checkpoint.Open([_path]);
        return [.. _checkpoint.Tensors.SelectMany(matricization.Of)];
    }

    [Test]
    public void WhatIsNoMatrix_HasAReason()
    {
        TensorMatrix[] matrices = Of(new(),
            Safetensors.Counting("number"), Safetensors.Counting("bias", 4), Safetensors.Counting("row", 1, 4), Safetensors.Counting("column", 4, 1, 1),
            Safetensors.Counting("none", 0, 4), ("codes", ElementType.I8, [2, 2], new byte[4]), Safetensors.Counting("w", 2, 2));
        Assert.That(matrices.Select(m => (m.Name, m.Reason)), Is.EqualTo(new[]
        {
            ("number", "a single number"), ("bias", "a vector"), ("row", "a vector: 1×4"), ("column", "a vector: 4×1"), ("none", "it is empty"), ("codes", "integers"), ("w", null),
        }));
        Assert.That(matrices.Select(m => m.Parameters), Is.EqualTo(new long[] { 1, 4, 4, 4, 0, 4, 4 }));
        Assert.That(() => matrices[0].Read(), Throws.InvalidOperationException);
        Assert.That(Of(new() { Integers = true }, ("codes", ElementType.I8, [2, 2], [1, 2, 3, 255])).Single().Read().Elements.ToArray(), Is.EqualTo(new[] { 1.0, 2, 3, -1 }));
    }

    [Test]
    public void MoreDimensions_AreOutTimesRest()
    {
        TensorMatrix matrix = Of(new(), Safetensors.Counting("conv", 3, 2, 5)).Single();
        Assert.That((matrix.Rows, matrix.Columns, matrix.Matricization), Is.EqualTo((3, 10, "3 × (2·5)")));
        Matrix<double> w = matrix.Read();
        Assert.That(w[2, 7], Is.EqualTo(28));
        Assert.That(w.Elements.ToArray(), Is.EqualTo(Enumerable.Range(1, 30)));
    }

    [TestCase("layer.attn.qkv.weight", 12, 4, "rows 4–7 of 12 × 4", 17)]
    [TestCase("h.0.attn.c_attn.weight", 4, 12, "columns 4–7 of 4 × 12", 5)]
    [TestCase("attn.in_proj_weight", 12, 4, "rows 4–7 of 12 × 4", 17)]
    public void FusedProjections_AreThree(string name, int rows, int columns, string how, double first)
    {
        (string, ElementType, long[], byte[]) tensor = Safetensors.Counting(name, rows, columns);
        Assert.That(Of(new(), tensor).Select(m => m.Name), Is.EqualTo(new[] { name }));
        _checkpoint!.Dispose();
        TensorMatrix[] parts = Of(new() { SplitFused = true }, tensor, Safetensors.Counting("mlp.weight", 12, 4));
        Assert.That(parts.Select(m => m.Name), Is.EqualTo(new[] { $"{name}[q]", $"{name}[k]", $"{name}[v]", "mlp.weight" }));
        Assert.That(parts.Select(m => m.IsPart), Is.EqualTo(new[] { true, true, true, false }));
        Assert.That(parts[1].Matricization, Is.EqualTo(how));
        Assert.That(parts[1].Read()[0, 0], Is.EqualTo(first));
        Assert.That(parts.Take(3).Sum(m => m.Parameters), Is.EqualTo(48));
        Assert.That(parts.Take(3).SelectMany(m => m.Read().Elements.ToArray()), Is.EquivalentTo(Enumerable.Range(1, 48)));
    }

    [Test]
    public void Heads_AreBlocksOfRows()
    {
        TensorMatrix[] parts = Of(new() { Heads = 4, KeyHeads = 2, SplitFused = true },
            Safetensors.Counting("self_attn.q_proj.weight", 8, 3), Safetensors.Counting("self_attn.k_proj.weight", 4, 3),
            Safetensors.Counting("self_attn.o_proj.weight", 8, 3), Safetensors.Counting("odd.q_proj.weight", 9, 3), Safetensors.Counting("wqkv.qkv.weight", 24, 8));
        Assert.That(parts.Select(m => m.Name), Is.EqualTo(new[]
        {
            "self_attn.q_proj.weight[head 0]", "self_attn.q_proj.weight[head 1]", "self_attn.q_proj.weight[head 2]", "self_attn.q_proj.weight[head 3]",
            "self_attn.k_proj.weight[head 0]", "self_attn.k_proj.weight[head 1]", "self_attn.o_proj.weight", "odd.q_proj.weight",
            "wqkv.qkv.weight[q 0]", "wqkv.qkv.weight[q 1]", "wqkv.qkv.weight[q 2]", "wqkv.qkv.weight[q 3]",
            "wqkv.qkv.weight[k 0]", "wqkv.qkv.weight[k 1]", "wqkv.qkv.weight[v 0]", "wqkv.qkv.weight[v 1]",
        }));
        Assert.That(parts[3].Read().Elements.ToArray(), Is.EqualTo(Enumerable.Range(19, 6)));
        Assert.That(parts[3].Matricization, Is.EqualTo("rows 6–7 of 8 × 3"));
        Assert.That((parts[14].Rows, parts[14].Read()[0, 0]), Is.EqualTo((4, 16 * 8 + 1.0)));
    }
}
