using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Products;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Jacobi;

/// <summary>M×N vectors of sums in registers, M and N up to 4.</summary>
internal unsafe struct PanelTile<T, V, L, M, N>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
    where M : struct, ICount
    where N : struct, ICount
{
    private V _c00, _c01, _c02, _c03, _c10, _c11, _c12, _c13, _c20, _c21, _c22, _c23, _c30, _c31, _c32, _c33;

    /// <summary>Adds M elements, <paramref name="row"/> apart, times N vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step(T* a, nint row, T* b0, T* b1, T* b2, T* b3)
    {
        V v0 = L.Load(b0), v1 = N.Value > 1 ? L.Load(b1) : L.Zero;
        V v2 = N.Value > 2 ? L.Load(b2) : L.Zero, v3 = N.Value > 3 ? L.Load(b3) : L.Zero;
        V x0 = L.Broadcast(a[0]);
        _c00 = L.MultiplyAdd(x0, v0, _c00);
        if (N.Value > 1)
            _c01 = L.MultiplyAdd(x0, v1, _c01);
        if (N.Value > 2)
            _c02 = L.MultiplyAdd(x0, v2, _c02);
        if (N.Value > 3)
            _c03 = L.MultiplyAdd(x0, v3, _c03);
        if (M.Value > 1)
        {
            V x1 = L.Broadcast(a[row]);
            _c10 = L.MultiplyAdd(x1, v0, _c10);
            if (N.Value > 1)
                _c11 = L.MultiplyAdd(x1, v1, _c11);
            if (N.Value > 2)
                _c12 = L.MultiplyAdd(x1, v2, _c12);
            if (N.Value > 3)
                _c13 = L.MultiplyAdd(x1, v3, _c13);
        }

        if (M.Value > 2)
        {
            V x2 = L.Broadcast(a[2 * row]);
            _c20 = L.MultiplyAdd(x2, v0, _c20);
            if (N.Value > 1)
                _c21 = L.MultiplyAdd(x2, v1, _c21);
            if (N.Value > 2)
                _c22 = L.MultiplyAdd(x2, v2, _c22);
            if (N.Value > 3)
                _c23 = L.MultiplyAdd(x2, v3, _c23);
        }

        if (M.Value > 3)
        {
            V x3 = L.Broadcast(a[3 * row]);
            _c30 = L.MultiplyAdd(x3, v0, _c30);
            if (N.Value > 1)
                _c31 = L.MultiplyAdd(x3, v1, _c31);
            if (N.Value > 2)
                _c32 = L.MultiplyAdd(x3, v2, _c32);
            if (N.Value > 3)
                _c33 = L.MultiplyAdd(x3, v3, _c33);
        }
    }

    /// <summary>Goes on from what a panel's M rows and the panels beside it hold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(T* c0, T* c1, T* c2, T* c3)
    {
        _c00 = L.Load(c0);
        if (N.Value > 1)
            _c01 = L.Load(c1);
        if (N.Value > 2)
            _c02 = L.Load(c2);
        if (N.Value > 3)
            _c03 = L.Load(c3);
        if (M.Value > 1)
        {
            _c10 = L.Load(c0 + L.Count);
            if (N.Value > 1)
                _c11 = L.Load(c1 + L.Count);
            if (N.Value > 2)
                _c12 = L.Load(c2 + L.Count);
            if (N.Value > 3)
                _c13 = L.Load(c3 + L.Count);
        }

        if (M.Value > 2)
        {
            _c20 = L.Load(c0 + 2 * L.Count);
            if (N.Value > 1)
                _c21 = L.Load(c1 + 2 * L.Count);
            if (N.Value > 2)
                _c22 = L.Load(c2 + 2 * L.Count);
            if (N.Value > 3)
                _c23 = L.Load(c3 + 2 * L.Count);
        }

        if (M.Value > 3)
        {
            _c30 = L.Load(c0 + 3 * L.Count);
            if (N.Value > 1)
                _c31 = L.Load(c1 + 3 * L.Count);
            if (N.Value > 2)
                _c32 = L.Load(c2 + 3 * L.Count);
            if (N.Value > 3)
                _c33 = L.Load(c3 + 3 * L.Count);
        }
    }

    /// <summary>Writes a panel's M rows and those of the panels beside it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(T* c0, T* c1, T* c2, T* c3)
    {
        L.Store(_c00, c0);
        if (N.Value > 1)
            L.Store(_c01, c1);
        if (N.Value > 2)
            L.Store(_c02, c2);
        if (N.Value > 3)
            L.Store(_c03, c3);
        if (M.Value > 1)
        {
            L.Store(_c10, c0 + L.Count);
            if (N.Value > 1)
                L.Store(_c11, c1 + L.Count);
            if (N.Value > 2)
                L.Store(_c12, c2 + L.Count);
            if (N.Value > 3)
                L.Store(_c13, c3 + L.Count);
        }

        if (M.Value > 2)
        {
            L.Store(_c20, c0 + 2 * L.Count);
            if (N.Value > 1)
                L.Store(_c21, c1 + 2 * L.Count);
            if (N.Value > 2)
                L.Store(_c22, c2 + 2 * L.Count);
            if (N.Value > 3)
                L.Store(_c23, c3 + 2 * L.Count);
        }

        if (M.Value > 3)
        {
            L.Store(_c30, c0 + 3 * L.Count);
            if (N.Value > 1)
                L.Store(_c31, c1 + 3 * L.Count);
            if (N.Value > 2)
                L.Store(_c32, c2 + 3 * L.Count);
            if (N.Value > 3)
                L.Store(_c33, c3 + 3 * L.Count);
        }
    }
}
