using System.Reflection;
using System.Reflection.Emit;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>
/// A loop that is compiled in tiers runs unoptimised for the first thirty calls. Nothing else shows it: results are the same, and a
/// benchmark that calls often enough does not see it.
/// </summary>
public sealed class CompilationTests
{
    private static readonly string[] s_engineRooms = ["Bidiagonal", "Products", "Reflectors", "Simd"];

    private static readonly Dictionary<short, OpCode> s_codes = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    [Test]
    public void EveryLoopOverPointersIsOptimisedAtItsFirstCall()
    {
        const MethodImplAttributes Marks = MethodImplAttributes.AggressiveOptimization | MethodImplAttributes.AggressiveInlining;
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        MethodInfo[] loops = [.. typeof(Gemm).Assembly.GetTypes()
            .Where(type => s_engineRooms.Any(room => type.Namespace == $"Kappa.Kernels.{room}"))
            .SelectMany(type => type.GetMethods(All))
            .Where(method => method.GetMethodBody() is { } body && HandlesPointers(method, body) && HasLoop(body.GetILAsByteArray()!))];
        Assert.That(loops, Has.Length.GreaterThan(30));
        Assert.That(loops.Where(method => (method.MethodImplementationFlags & Marks) == 0).Select(method => $"{method.DeclaringType!.Name}.{method.Name}"), Is.Empty);
    }

    private static bool HandlesPointers(MethodInfo method, MethodBody body) =>
        method.GetParameters().Any(parameter => parameter.ParameterType.IsPointer) || body.LocalVariables.Any(variable => variable.LocalType.IsPointer);

    private static bool HasLoop(byte[] code)
    {
        for (int i = 0; i < code.Length;)
        {
            int start = i;
            OpCode op = s_codes[code[i] == 0xFE ? (short)(0xFE00 | code[i + 1]) : code[i]];
            i += op.Size;
            int target = op.OperandType switch
            {
                OperandType.ShortInlineBrTarget => i + 1 + (sbyte)code[i],
                OperandType.InlineBrTarget => i + 4 + BitConverter.ToInt32(code, i),
                _ => int.MaxValue,
            };
            if (target <= start)
                return true;
            i += op.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, i),
                _ => 4,
            };
        }

        return false;
    }
}
