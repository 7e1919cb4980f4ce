using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>
/// Builds the tree of a YAML document from the parser's events. The library's own tree stops at the first duplicate
/// key and loses the places of merged ones; here both are kept, and depth and size are bounded.
/// </summary>
internal sealed class YamlTree
{
    public const int MaxDepth = 32;
    public const int MaxNodes = 400_000;

    const string HowToWriteYaml =
        "Mind indentation (spaces, no tabs), colons followed by a space, and quotes that close";

    readonly ProblemList _problems;
    readonly Parser _parser;
    readonly Dictionary<string, ConfigNode> _anchors = new(StringComparer.Ordinal);
    int _nodes;

    YamlTree(string text, ProblemList problems)
    {
        _problems = problems;
        _parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
    }

    /// <summary>The root of the only document, or null (with an error) where there is none.</summary>
    public static MapNode? Parse(string text, ProblemList problems)
    {
        var tree = new YamlTree(text, problems);
        try
        {
            return tree.ReadDocument();
        }
        catch (TreeException exception)
        {
            problems.Error(exception.Place, "", exception.Message, exception.Remedy);
        }
        catch (YamlException exception)
        {
            problems.Error(
                PlaceOf(exception.Start), "", $"this is not YAML: {FirstSentence(exception.Message)}", HowToWriteYaml);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // The library's scanner stumbles over some texts instead of saying what is wrong with them.
            problems.Error(
                PlaceOf(tree._parser.Current?.End ?? Mark.Empty), "", "this is not YAML, from here or a little further on",
                HowToWriteYaml);
        }

        return null;
    }

    MapNode? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (!_parser.TryConsume<DocumentStart>(out _))
        {
            throw new TreeException((1, 1), "the file is empty", "Start from samples/six-clouds/sahab.yaml");
        }

        var root = ReadNode(0);
        _parser.Consume<DocumentEnd>();
        if (!_parser.TryConsume<StreamEnd>(out _))
        {
            throw new TreeException(
                PlaceOf(_parser.Current!.Start), "a second document begins here", "Keep one document in the file");
        }

        if (root is MapNode map)
        {
            return map;
        }

        throw new TreeException(
            (root.Line, root.Column), $"the file holds {root.Noun}", "Start from samples/six-clouds/sahab.yaml");
    }

    ConfigNode ReadNode(int depth)
    {
        var current = _parser.Consume<ParsingEvent>();
        var place = PlaceOf(current.Start);
        if (depth > MaxDepth)
        {
            throw new TreeException(place, $"this is nested deeper than {MaxDepth} levels", "Flatten it");
        }

        if (++_nodes > MaxNodes)
        {
            throw new TreeException(place, $"the file holds more than {MaxNodes} values", "Make it smaller");
        }

        if (current is AnchorAlias alias)
        {
            return _anchors.TryGetValue(alias.Value.Value, out var target)
                ? target
                : throw new TreeException(
                    place, $"no anchor &{alias.Value.Value} stands above", "Anchor a value before referring to it");
        }

        ConfigNode node = current switch
        {
            Scalar scalar => new ScalarNode(
                place.Line, place.Column, scalar.Value, scalar.Style == ScalarStyle.Plain),
            SequenceStart => ReadList(place, depth),
            MappingStart => ReadMap(place, depth),
            _ => throw new TreeException(place, "a value is missing here", "Write one"),
        };
        if (current is NodeEvent { Tag.IsEmpty: false, Tag.IsNonSpecific: false } tagged)
        {
            _problems.Error(node, "", $"the tag {tagged.Tag.Value} is not known here", "Leave it out");
        }

        if (current is NodeEvent { Anchor.IsEmpty: false } anchored)
        {
            _anchors[anchored.Anchor.Value] = node;
        }

        return node;
    }

    ListNode ReadList((int Line, int Column) place, int depth)
    {
        var items = ImmutableArray.CreateBuilder<ConfigNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode(depth + 1));
        }

        return new ListNode(place.Line, place.Column, items.ToImmutable());
    }

    MapNode ReadMap((int Line, int Column) place, int depth)
    {
        var entries = ImmutableArray.CreateBuilder<MapEntry>();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        var merges = new List<ConfigNode>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var keyNode = ReadNode(depth + 1);
            if (keyNode is not ScalarNode key)
            {
                _problems.Error(keyNode, "", $"a key is {keyNode.Noun}", "Write a name");
                ReadNode(depth + 1);
                continue;
            }

            var value = ReadNode(depth + 1);
            if (key is { Plain: true, Text: "<<" })
            {
                merges.Add(value);
            }
            else if (seen.TryAdd(key.Text, key.Line))
            {
                entries.Add(new MapEntry(key, value));
            }
            else
            {
                _problems.Error(
                    key, key.Text, $"the key stands here twice, first in line {seen[key.Text]}", "Keep one of them");
            }
        }

        foreach (var source in merges.SelectMany(MapsToMerge))
        {
            // What stands in the map itself wins over what is merged, and the first merged over the next.
            _nodes += source.Entries.Length;
            entries.AddRange(source.Entries.Where(entry => seen.TryAdd(entry.Key.Text, entry.Key.Line)));
        }

        return new MapNode(place.Line, place.Column, entries.ToImmutable());
    }

    IEnumerable<MapNode> MapsToMerge(ConfigNode node)
    {
        switch (node)
        {
            case MapNode map:
                return [map];
            case ListNode list when list.Items.All(item => item is MapNode):
                return list.Items.Cast<MapNode>();
            default:
                _problems.Error(node, "<<", $"only maps can be merged, and this is {node.Noun}", "Write <<: *anchor");
                return [];
        }
    }

    static (int Line, int Column) PlaceOf(Mark mark) => (Math.Max(1, (int)mark.Line), Math.Max(1, (int)mark.Column));

    static string FirstSentence(string message)
    {
        // The library puts the place in front: (Line: 1, Col: 2, Idx: 3) - (…): text.
        var start = message.LastIndexOf("): ", StringComparison.Ordinal);
        return (start < 0 ? message : message[(start + 3)..]).TrimEnd('.');
    }

    sealed class TreeException((int Line, int Column) place, string message, string remedy) : Exception(message)
    {
        public (int Line, int Column) Place { get; } = place;

        public string Remedy { get; } = remedy;
    }
}
