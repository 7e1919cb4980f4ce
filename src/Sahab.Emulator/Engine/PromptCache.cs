namespace Sahab.Emulator.Engine;

/// <summary>
/// A deployment's prefix cache: block hashes of the prompts that it read, least recently used out first. A prompt's
/// blocks count as cached as far as they match from its beginning.
/// </summary>
internal sealed class PromptCache(int capacity)
{
    readonly Dictionary<ulong, LinkedListNode<ulong>> _nodes = [];
    readonly LinkedList<ulong> _recent = new();
    readonly Lock _gate = new();

    /// <summary>Remembers the blocks and tells how many of them, from the first on, were known.</summary>
    public int Touch(ReadOnlySpan<ulong> blocks)
    {
        if (capacity == 0 || blocks.IsEmpty)
        {
            return 0;
        }
        var known = 0;
        lock (_gate)
        {
            // Backwards for the order of use: a prefix must outlive what only follows it.
            for (var i = 0; i < blocks.Length && _nodes.ContainsKey(blocks[i]); i++)
            {
                known++;
            }
            for (var i = Math.Min(blocks.Length, capacity) - 1; i >= 0; i--)
            {
                Remember(blocks[i]);
            }
        }
        return known;
    }

    void Remember(ulong block)
    {
        if (_nodes.TryGetValue(block, out var node))
        {
            _recent.Remove(node);
            _recent.AddFirst(node);
            return;
        }
        if (_nodes.Count >= capacity)
        {
            node = _recent.Last!;
            _recent.RemoveLast();
            _nodes.Remove(node.Value);
            node.Value = block;
        }
        else
        {
            node = new LinkedListNode<ulong>(block);
        }
        _recent.AddFirst(node);
        _nodes[block] = node;
    }
}
