namespace Sahab.Planning.Traces;

/// <summary>
/// Finds which prompts of a trace go on from an earlier one, by the ids of their blocks: turns of a conversation, or
/// questions about one document. What only the first block has in common with others is not told from what all
/// prompts begin with, and counts as nothing.
/// </summary>
internal sealed class PrefixChains
{
    const int LeastBlocks = 2;

    readonly Dictionary<long, int> _lastWith = [];
    readonly List<int> _roots = [];
    readonly List<int> _known = [];

    /// <summary>Whether any prompt goes on from another.</summary>
    public bool HasAny { get; private set; }

    /// <summary>For each request, the first of the chain that it belongs to.</summary>
    public int[] Roots => [.. _roots];

    /// <summary>For each request, the tokens that its prompt begins with as an earlier one of its chain does.</summary>
    public int[] Known => [.. _known];

    public void Add(in TraceRequest request)
    {
        var (index, shared, parent) = (_roots.Count, 0, -1);
        foreach (var block in request.Blocks ?? [])
        {
            if (!_lastWith.TryGetValue(block, out var last))
            {
                break;
            }

            (shared, parent) = (shared + 1, last);
        }

        var goesOn = shared >= LeastBlocks;
        HasAny |= goesOn;
        _roots.Add(goesOn ? _roots[parent] : index);
        _known.Add(goesOn ? Math.Min(shared * TraceReader.BlockTokens, request.ContextTokens) : 0);
        foreach (var block in request.Blocks ?? [])
        {
            _lastWith[block] = index;
        }
    }
}
