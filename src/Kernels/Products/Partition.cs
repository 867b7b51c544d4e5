namespace Kappa.Kernels.Products;

/// <summary>Splits a length into the fewest parts of at most a given size, as equal as can be: 33 by 8 is 6 6 7 7 7, not 8 8 8 8 1.</summary>
/// <remarks>A tile of one row keeps 2 or 3 of the 8 multiply-adds in flight that hide latency; equal tiles keep all of them busy. Shorter ones come first, so that the last has two of whatever there are two of in all.</remarks>
internal readonly struct Partition
{
    private readonly int _length, _shorter;

    public Partition(int total, int most)
    {
        // One part, or none, is the common case of small products, where a division costs as much as a row of the tile.
        if (total <= most)
        {
            Count = total > 0 ? 1 : 0;
            _length = total;
            _shorter = Count;
            return;
        }

        Count = (int)((uint)(total + most - 1) / (uint)most);
        _length = (int)((uint)total / (uint)Count);
        _shorter = Count - (total - _length * Count);
    }

    /// <summary>Parts.</summary>
    public int Count { get; }

    /// <summary>Length of part i.</summary>
    public int Length(int i) => i < _shorter ? _length : _length + 1;

    /// <summary>Where part i starts.</summary>
    public int Start(int i) => i * _length + Math.Max(0, i - _shorter);
}
