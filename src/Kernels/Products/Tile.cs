using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Products;

/// <summary>What all tiles have in common.</summary>
internal static class Tile
{
    /// <summary>Steps of k per turn of the loop.</summary>
    public const int Unrolled = 4;

    /// <summary>Bytes of a cache line: what a turn asks for ahead.</summary>
    public const int Line = 64;
}

/// <summary>What the tiles of one width share.</summary>
internal unsafe struct TileShape<T> where T : unmanaged
{
    /// <summary>k, the depth.</summary>
    public int Depth;

    /// <summary>Strides of A; not used where A is packed.</summary>
    public nint ARow, AColumn;

    /// <summary>Row stride of B, and where in a row its last vector starts.</summary>
    public nint BRow, BLast;

    /// <summary>Row stride of C, and where in a row its last vector starts.</summary>
    public nint CRow, CLast;

    public T Alpha, Beta;

    /// <summary>What is to be read next: with A packed, a line of it is called into L2 in each turn of the loop; strides leave no register for it. It need not be memory of ours.</summary>
    public byte* Next;
}

/// <summary>The micro-kernel: a tile of M rows and N vectors of C held in registers while k runs over a sliver of A and of B.</summary>
/// <remarks>
/// <code>
///                b0     b1     b2        per k: N loads of B, M broadcasts of A, M·N multiply-adds
///             ┌──────┬──────┬──────┐
///   a[0] ──►  │ c00  │ c01  │ c02  │     16 registers (128, 256 bits of x64): 6×2. 12 + 2 + 1 = 15 registers;
///   a[1] ──►  │ c10  │ c11  │ c12  │        12 FMA on 2 ports = 6 cycles, 8 loads on 2 ports = 4 cycles
///      ⋮      │  ⋮   │  ⋮   │  ⋮   │     32 registers (512 bits, Arm64): 8×3. 24 + 3 + 1 = 28 registers; 24 FMA = 12 cycles,
///   a[7] ──►  │ c70  │ c71  │ c72  │        11 loads = 5.5 cycles; or 6×4: 24 + 4 + 1 = 29; 12 cycles, 10 loads = 5 cycles
///             └──────┴──────┴──────┘
/// </code>
/// Arm64 multiplies by a lane of a register, so that an element of A is loaded and not broadcast; its 4 ports need 16 chains.
/// All are bound by the FMA ports, and have more than the 8 chains (latency 4 × 2 ports) that hide latency. A 6×2 tile of
/// 512 bits is as fast on an idle core, but asks the load ports for 1.5 times as much per FMA and falls to 62 % of peak where
/// 8×3 keeps 71 % when a neighbour shares them. 17 live registers of 16 (7×2): a spill per k, 44 % of peak.
/// Where columns end within a vector, the last one is shifted back over the one before it: no masks, no padding.
/// Each element is Σ aᵢₚ·bₚⱼ in the order of p, whatever the tile, so how C is cut into tiles does not change a bit.
/// </remarks>
internal unsafe struct Tile<T, V, L, M, N, O>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
    where M : struct, ICount
    where N : struct, ICount
    where O : struct, IOrder
{
    private V _c00, _c01, _c02, _c03;
    private V _c10, _c11, _c12, _c13;
    private V _c20, _c21, _c22, _c23;
    private V _c30, _c31, _c32, _c33;
    private V _c40, _c41, _c42, _c43;
    private V _c50, _c51, _c52, _c53;
    private V _c60, _c61, _c62;
    private V _c70, _c71, _c72;

    // A shallower product ends before its prefetches would.
    private const int PrefetchDepth = 64;

    /// <summary>C ← αAB + βC for one tile; where β = 0, C is not read.</summary>
    /// <param name="a">A (M×k): element (i, p) at i·ARow + p·AColumn, or packed at i + p·M.</param>
    /// <param name="b">B (k×N vectors): the vectors of a row stand side by side, but for the last.</param>
    /// <param name="c">C (M×N vectors), likewise.</param>
    /// <param name="shape">What neighbouring tiles share.</param>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Run(T* a, T* b, T* c, TileShape<T>* shape)
    {
        var tile = new Tile<T, V, L, M, N, O>();
        int k = shape->Depth;
        nint row = O.IsPacked ? 1 : shape->ARow, step = O.IsPacked ? M.Value : shape->AColumn;
        nint bRow = shape->BRow, bLast = shape->BLast, cRow = shape->CRow, cLast = shape->CLast;
        if (k >= PrefetchDepth && Sse.IsSupported)
        {
            // C is asked for before the sums begin, and is there when they end.
            T* line = c;
            for (int i = 0; i < M.Value; i++)
            {
                Sse.Prefetch0(line);
                if (N.Value > 2)
                    Sse.Prefetch0(line + L.Count);
                if (N.Value > 3)
                    Sse.Prefetch0(line + 2 * L.Count);
                if (N.Value > 1)
                    Sse.Prefetch0(line + cLast);
                line += cRow;
            }
        }

        // A second pointer into A saves the multiples of its stride beyond the third, for which registers do not suffice.
        T* below = a + 4 * row;
        byte* next = shape->Next;
        int p = k;
        for (; p >= Tile.Unrolled; p -= Tile.Unrolled)
        {
            if (O.IsPacked && Sse.IsSupported)
                Sse.Prefetch1(next);
            next += Tile.Line;
            tile.Step(a, below, row, b, bLast);
            tile.Step(a + step, below + step, row, b + bRow, bLast);
            tile.Step(a + 2 * step, below + 2 * step, row, b + 2 * bRow, bLast);
            tile.Step(a + 3 * step, below + 3 * step, row, b + 3 * bRow, bLast);
            a += 4 * step;
            below += 4 * step;
            b += 4 * bRow;
        }

        for (; p > 0; p--)
        {
            tile.Step(a, below, row, b, bLast);
            a += step;
            below += step;
            b += bRow;
        }

        // Most products are stored as they are; a multiplication by 1 would be a k-th of the tile's work.
        if (shape->Alpha != T.One)
            tile.Scale(L.Broadcast(shape->Alpha));
        if (!T.IsZero(shape->Beta))
            tile.Add(L.Broadcast(shape->Beta), c, cRow, cLast);
        tile.Write(c, cRow, cLast);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Scale(V alpha)
    {
        Scale(alpha, ref _c00, ref _c01, ref _c02, ref _c03);
        if (M.Value > 1)
            Scale(alpha, ref _c10, ref _c11, ref _c12, ref _c13);
        if (M.Value > 2)
            Scale(alpha, ref _c20, ref _c21, ref _c22, ref _c23);
        if (M.Value > 3)
            Scale(alpha, ref _c30, ref _c31, ref _c32, ref _c33);
        if (M.Value > 4)
            Scale(alpha, ref _c40, ref _c41, ref _c42, ref _c43);
        if (M.Value > 5)
            Scale(alpha, ref _c50, ref _c51, ref _c52, ref _c53);
        if (M.Value > 6)
            Scale(alpha, ref _c60, ref _c61, ref _c62, ref _c62);
        if (M.Value > 7)
            Scale(alpha, ref _c70, ref _c71, ref _c72, ref _c72);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(V alpha, ref V c0, ref V c1, ref V c2, ref V c3)
    {
        c0 = L.Multiply(alpha, c0);
        if (N.Value > 1)
            c1 = L.Multiply(alpha, c1);
        if (N.Value > 2)
            c2 = L.Multiply(alpha, c2);
        if (N.Value > 3)
            c3 = L.Multiply(alpha, c3);
    }

    // The last vector may cover columns of the one before: all of C is read before any of it is written, and both write the same.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Add(V beta, T* c, nint row, nint last)
    {
        Add(beta, ref _c00, ref _c01, ref _c02, ref _c03, c, last);
        if (M.Value > 1)
            Add(beta, ref _c10, ref _c11, ref _c12, ref _c13, c + row, last);
        if (M.Value > 2)
            Add(beta, ref _c20, ref _c21, ref _c22, ref _c23, c + 2 * row, last);
        if (M.Value > 3)
            Add(beta, ref _c30, ref _c31, ref _c32, ref _c33, c + 3 * row, last);
        if (M.Value > 4)
            Add(beta, ref _c40, ref _c41, ref _c42, ref _c43, c + 4 * row, last);
        if (M.Value > 5)
            Add(beta, ref _c50, ref _c51, ref _c52, ref _c53, c + 5 * row, last);
        if (M.Value > 6)
            Add(beta, ref _c60, ref _c61, ref _c62, ref _c62, c + 6 * row, last);
        if (M.Value > 7)
            Add(beta, ref _c70, ref _c71, ref _c72, ref _c72, c + 7 * row, last);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(V beta, ref V c0, ref V c1, ref V c2, ref V c3, T* c, nint last)
    {
        c0 = L.MultiplyAdd(beta, L.Load(c), c0);
        if (N.Value > 1)
            c1 = L.MultiplyAdd(beta, L.Load(N.Value == 2 ? c + last : c + L.Count), c1);
        if (N.Value > 2)
            c2 = L.MultiplyAdd(beta, L.Load(N.Value == 3 ? c + last : c + 2 * L.Count), c2);
        if (N.Value > 3)
            c3 = L.MultiplyAdd(beta, L.Load(c + last), c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Write(T* c, nint row, nint last)
    {
        Write(ref _c00, ref _c01, ref _c02, ref _c03, c, last);
        if (M.Value > 1)
            Write(ref _c10, ref _c11, ref _c12, ref _c13, c + row, last);
        if (M.Value > 2)
            Write(ref _c20, ref _c21, ref _c22, ref _c23, c + 2 * row, last);
        if (M.Value > 3)
            Write(ref _c30, ref _c31, ref _c32, ref _c33, c + 3 * row, last);
        if (M.Value > 4)
            Write(ref _c40, ref _c41, ref _c42, ref _c43, c + 4 * row, last);
        if (M.Value > 5)
            Write(ref _c50, ref _c51, ref _c52, ref _c53, c + 5 * row, last);
        if (M.Value > 6)
            Write(ref _c60, ref _c61, ref _c62, ref _c62, c + 6 * row, last);
        if (M.Value > 7)
            Write(ref _c70, ref _c71, ref _c72, ref _c72, c + 7 * row, last);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(ref V c0, ref V c1, ref V c2, ref V c3, T* c, nint last)
    {
        L.Store(c0, c);
        if (N.Value > 1)
            L.Store(c1, N.Value == 2 ? c + last : c + L.Count);
        if (N.Value > 2)
            L.Store(c2, N.Value == 3 ? c + last : c + 2 * L.Count);
        if (N.Value > 3)
            L.Store(c3, c + last);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Step(T* a, T* below, nint row, T* b, nint last)
    {
        V b0 = L.Load(b), b1 = N.Value > 1 ? L.Load(N.Value == 2 ? b + last : b + L.Count) : L.Zero;
        V b2 = N.Value > 2 ? L.Load(N.Value == 3 ? b + last : b + 2 * L.Count) : L.Zero, b3 = N.Value > 3 ? L.Load(b + last) : L.Zero;
        V x0 = L.Element(a[0]);
        _c00 = L.MultiplyAddElement(x0, b0, _c00);
        if (N.Value > 1)
            _c01 = L.MultiplyAddElement(x0, b1, _c01);
        if (N.Value > 2)
            _c02 = L.MultiplyAddElement(x0, b2, _c02);
        if (N.Value > 3)
            _c03 = L.MultiplyAddElement(x0, b3, _c03);
        if (M.Value > 1)
        {
            V x1 = L.Element(a[row]);
            _c10 = L.MultiplyAddElement(x1, b0, _c10);
            if (N.Value > 1)
                _c11 = L.MultiplyAddElement(x1, b1, _c11);
            if (N.Value > 2)
                _c12 = L.MultiplyAddElement(x1, b2, _c12);
            if (N.Value > 3)
                _c13 = L.MultiplyAddElement(x1, b3, _c13);
        }

        if (M.Value > 2)
        {
            V x2 = L.Element(a[2 * row]);
            _c20 = L.MultiplyAddElement(x2, b0, _c20);
            if (N.Value > 1)
                _c21 = L.MultiplyAddElement(x2, b1, _c21);
            if (N.Value > 2)
                _c22 = L.MultiplyAddElement(x2, b2, _c22);
            if (N.Value > 3)
                _c23 = L.MultiplyAddElement(x2, b3, _c23);
        }

        if (M.Value > 3)
        {
            V x3 = L.Element(a[3 * row]);
            _c30 = L.MultiplyAddElement(x3, b0, _c30);
            if (N.Value > 1)
                _c31 = L.MultiplyAddElement(x3, b1, _c31);
            if (N.Value > 2)
                _c32 = L.MultiplyAddElement(x3, b2, _c32);
            if (N.Value > 3)
                _c33 = L.MultiplyAddElement(x3, b3, _c33);
        }

        if (M.Value > 4)
        {
            V x4 = L.Element(below[0]);
            _c40 = L.MultiplyAddElement(x4, b0, _c40);
            if (N.Value > 1)
                _c41 = L.MultiplyAddElement(x4, b1, _c41);
            if (N.Value > 2)
                _c42 = L.MultiplyAddElement(x4, b2, _c42);
            if (N.Value > 3)
                _c43 = L.MultiplyAddElement(x4, b3, _c43);
        }

        if (M.Value > 5)
        {
            V x5 = L.Element(below[row]);
            _c50 = L.MultiplyAddElement(x5, b0, _c50);
            if (N.Value > 1)
                _c51 = L.MultiplyAddElement(x5, b1, _c51);
            if (N.Value > 2)
                _c52 = L.MultiplyAddElement(x5, b2, _c52);
            if (N.Value > 3)
                _c53 = L.MultiplyAddElement(x5, b3, _c53);
        }

        if (M.Value > 6)
        {
            V x6 = L.Element(below[2 * row]);
            _c60 = L.MultiplyAddElement(x6, b0, _c60);
            if (N.Value > 1)
                _c61 = L.MultiplyAddElement(x6, b1, _c61);
            if (N.Value > 2)
                _c62 = L.MultiplyAddElement(x6, b2, _c62);
        }

        if (M.Value > 7)
        {
            V x7 = L.Element(below[3 * row]);
            _c70 = L.MultiplyAddElement(x7, b0, _c70);
            if (N.Value > 1)
                _c71 = L.MultiplyAddElement(x7, b1, _c71);
            if (N.Value > 2)
                _c72 = L.MultiplyAddElement(x7, b2, _c72);
        }
    }
}
