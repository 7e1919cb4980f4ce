using System.Collections;
using System.Collections.Immutable;
using System.Globalization;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>
/// Turns the tree of the file into records by the shapes of their types. It never stops at an error: what cannot be
/// read keeps its default and is reported, so that one run shows everything there is to fix.
/// </summary>
internal sealed class ConfigBinder(ProblemList problems)
{
    /// <summary>Keys beginning so are the operator's own, for anchors to be merged elsewhere.</summary>
    public const string FreePrefix = "x-";

    static readonly string[] SecretLikeNames =
        ["api_key", "apikey", "key", "token", "password", "secret", "value", "credential", "access_key"];

    public SahabConfig Bind(MapNode root) => Bind<SahabConfig>(root);

    /// <summary>Binds a file of another kind than the configuration, by the same rules.</summary>
    public T Bind<T>(MapNode root) => (T)BindRecord(RecordShape.Of(typeof(T)), root, "", null);

    object BindRecord(RecordShape shape, MapNode map, string path, string? id)
    {
        var record = shape.Create();
        shape.Id?.SetValue(record, id);
        foreach (var (keyNode, valueNode) in map.Entries)
        {
            var keyPath = Join(path, keyNode.Text);
            var key = shape.Keys.FirstOrDefault(key => key.Name == keyNode.Text);
            if (key is null)
            {
                if (path.Length > 0 || !keyNode.Text.StartsWith(FreePrefix, StringComparison.Ordinal))
                {
                    ReportUnknownKey(shape, keyNode, keyPath);
                }

                continue;
            }

            problems.Place(keyPath, valueNode is ScalarNode ? valueNode : keyNode);
            if (BindValue(key, valueNode, keyPath) is { } value)
            {
                key.Property.SetValue(record, value);
            }
        }

        foreach (var key in shape.Keys)
        {
            if (key.IsRequired && !map.Entries.Any(entry => entry.Key.Text == key.Name))
            {
                problems.Error(path, $"the key {key.Name} is missing", $"{key.Doc.TrimEnd('.')}: {Valid(key)}");
            }
        }

        return record;
    }

    void ReportUnknownKey(RecordShape shape, ScalarNode node, string path)
    {
        if (shape.Type == typeof(SecretConfig))
        {
            problems.Error(
                node, path, SecretLikeNames.Contains(node.Text) ? "a secret never stands in this file" : "no such key",
                HowToWriteSecret);
            return;
        }

        var secret = shape.Keys.FirstOrDefault(key => key.ValueType == typeof(SecretConfig));
        if (secret is not null && SecretLikeNames.Contains(node.Text))
        {
            problems.Error(
                node, path, "no such key", $"Write {secret.Name} instead. {HowToWriteSecret}");
            return;
        }

        problems.Error(
            node, path, "no such key",
            Suggestions.Sentence(node.Text, [.. shape.Keys.Select(key => key.Name)], "keys allowed here"));
    }

    const string HowToWriteSecret =
        "Put the secret into an environment variable and write {env: ITS_NAME}, or into a file and write {file: PATH}";

    object? BindValue(KeyShape key, ConfigNode node, string path) => key.Kind switch
    {
        ValueKind.Record => node switch
        {
            MapNode map => BindRecord(RecordShape.Of(key.ElementType), map, path, null),
            _ when key.ElementType == typeof(SecretConfig) && node is not ScalarNode { IsNull: true } =>
                Wrong(node, path, "a secret never stands in this file", HowToWriteSecret),
            _ => WrongNoun(key, node, path),
        },
        ValueKind.RecordMap => node is MapNode map ? BindRecordMap(key, map, path) : WrongNoun(key, node, path),
        ValueKind.TextMap => node is MapNode map ? BindTextMap(key, map, path) : WrongNoun(key, node, path),
        ValueKind.TextsMap => node is MapNode map ? BindTextsMap(key, map, path) : WrongNoun(key, node, path),
        ValueKind.Choices or ValueKind.Texts =>
            node is ListNode list ? BindList(key, list, path) : WrongNoun(key, node, path),
        _ => node is ScalarNode { IsNull: false } scalar ? BindScalar(key, scalar, path) : WrongNoun(key, node, path),
    };

    object BindRecordMap(KeyShape key, MapNode map, string path)
    {
        var shape = RecordShape.Of(key.ElementType);
        var form = shape.IdForm!.Value;
        var records = new ArrayList();
        CheckCount(key, map, map.Entries.Length, path);
        foreach (var (idNode, bodyNode) in map.Entries.Take(key.MaxEntries))
        {
            var bodyPath = Join(path, idNode.Text);
            problems.Place(bodyPath, idNode);
            if (!TextForms.Fits(form, idNode.Text))
            {
                problems.Error(
                    idNode, bodyPath, "this name has a form that is not allowed",
                    $"A name is {TextForms.Describe(form)}");
            }

            if (bodyNode is not MapNode body)
            {
                problems.Error(
                    bodyNode, bodyPath, $"expected a map of keys, found {bodyNode.Noun}",
                    "Write its keys below it, indented, or {} for none");

                // Kept with its defaults, so that references to it are not reported as well.
                body = new MapNode(bodyNode.Line, bodyNode.Column, []);
            }

            records.Add(BindRecord(shape, body, bodyPath, idNode.Text));
        }

        return ToImmutableArray(records, key.ElementType);
    }

    ImmutableSortedDictionary<string, string> BindTextMap(KeyShape key, MapNode map, string path)
    {
        var form = key.Form!.Value;
        var texts = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        CheckCount(key, map, map.Entries.Length, path);
        foreach (var (nameNode, valueNode) in map.Entries.Take(key.MaxEntries))
        {
            var valuePath = Join(path, nameNode.Text);
            problems.Place(valuePath, valueNode);
            if (!TextForms.Fits(form, nameNode.Text))
            {
                problems.Error(
                    nameNode, valuePath, "this name has a form that is not allowed",
                    $"A name is {TextForms.Describe(form)}");
            }

            if (valueNode is not ScalarNode { IsNull: false } scalar)
            {
                problems.Error(
                    valueNode, valuePath, $"expected a name, found {valueNode.Noun}", TextForms.Describe(form));
            }
            else if (BindText(form, scalar, valuePath) is { } text)
            {
                texts[nameNode.Text] = text;
            }
        }

        return texts.ToImmutable();
    }

    ImmutableSortedDictionary<string, ImmutableArray<string>> BindTextsMap(KeyShape key, MapNode map, string path)
    {
        var lists = ImmutableSortedDictionary.CreateBuilder<string, ImmutableArray<string>>(StringComparer.Ordinal);
        CheckCount(key, map, map.Entries.Length, path);
        foreach (var (nameNode, valueNode) in map.Entries.Take(key.MaxEntries))
        {
            var valuePath = Join(path, nameNode.Text);
            problems.Place(valuePath, nameNode);
            if (!TextForms.Fits(TextForm.Id, nameNode.Text))
            {
                problems.Error(
                    nameNode, valuePath, "this name has a form that is not allowed",
                    $"A name is {TextForms.Describe(TextForm.Id)}");
            }

            if (valueNode is ListNode list)
            {
                lists[nameNode.Text] = (ImmutableArray<string>)BindList(key, list, valuePath);
            }
            else
            {
                problems.Error(
                    valueNode, valuePath, $"expected a list, found {valueNode.Noun}",
                    $"Write a list; each entry is {TextForms.Describe(key.Form!.Value)}");
            }
        }

        return lists.ToImmutable();
    }

    object BindList(KeyShape key, ListNode list, string path)
    {
        CheckCount(key, list, list.Items.Length, path);
        var items = new ArrayList();
        for (var i = 0; i < Math.Min(list.Items.Length, key.MaxEntries); i++)
        {
            var itemPath = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
            problems.Place(itemPath, list.Items[i]);
            if (list.Items[i] is not ScalarNode { IsNull: false } scalar)
            {
                problems.Error(
                    list.Items[i], itemPath, $"expected a single value, found {list.Items[i].Noun}", Valid(key));
                continue;
            }

            object? item = key.Kind is ValueKind.Texts or ValueKind.TextsMap
                ? BindText(key.Form!.Value, scalar, itemPath)
                : BindChoice(key, scalar, itemPath);
            if (item is not null && items.Contains(item))
            {
                problems.Error(scalar, itemPath, $"{TextForms.Quote(scalar.Text)} stands here twice", "Keep one");
            }
            else if (item is not null)
            {
                items.Add(item);
            }
        }

        return key.ValueType.IsEnum ? ToFlags(items, key.ValueType) : ToImmutableArray(items, key.ElementType);
    }

    void CheckCount(KeyShape key, ConfigNode node, int count, string path)
    {
        if (count > key.MaxEntries)
        {
            problems.Error(node, path, $"{count} entries are too many", $"At most {key.MaxEntries} are allowed");
        }
        else if (count == 0 && key.IsRequired)
        {
            problems.Error(node, path, "there are no entries", "Write at least one");
        }
    }

    object? BindScalar(KeyShape key, ScalarNode node, string path)
    {
        switch (key.Kind)
        {
            case ValueKind.Text:
                return BindText(key.Form!.Value, node, path);
            case ValueKind.Choice:
                return BindChoice(key, node, path);
            case ValueKind.Boolean:
                return node is { Plain: true, Text: "true" or "false" }
                    ? node.Text == "true"
                    : Wrong(node, path, $"{TextForms.Quote(node.Text)} is not true or false", Valid(key));
            default:
                return BindNumber(key, node, path);
        }
    }

    string? BindText(TextForm form, ScalarNode node, string path)
    {
        if (TextForms.Fits(form, node.Text))
        {
            return node.Text;
        }

        var what = TextForms.MayRepeat(form) ? TextForms.Quote(node.Text) : "the value (not shown)";
        var remedy = $"Write {TextForms.Describe(form)}";
        if (form == TextForm.Country && Countries.Suggest(node.Text) is { } code)
        {
            remedy = $"Did you mean {code} ({Countries.NameOf(code)})? {remedy}";
        }

        problems.Error(node, path, $"{what} is not valid here", remedy);
        return null;
    }

    Enum? BindChoice(KeyShape key, ScalarNode node, string path)
    {
        foreach (var (word, value) in key.Words)
        {
            if (word == node.Text)
            {
                return value;
            }
        }

        problems.Error(
            node, path, $"{TextForms.Quote(node.Text)} is not known here",
            Suggestions.Sentence(node.Text, [.. key.Words.Select(word => word.Word)], "words allowed here"));
        return null;
    }

    object? BindNumber(KeyShape key, ScalarNode node, string path)
    {
        if (!TryParse(key, node.Text, out var value)
            || (!node.Plain && key.Kind is ValueKind.Integer or ValueKind.Decimal))
        {
            var quotes = node.Plain ? "" : ", and quotes make a text of it";
            return Wrong(node, path, $"{TextForms.Quote(node.Text)} is not {Describe(key.Kind)}{quotes}", Valid(key));
        }

        if (key.Between is { } range && (!TryParse(key, range.Min, out var min) || !TryParse(key, range.Max, out var max)
            || ((IComparable)value).CompareTo(min) < 0 || ((IComparable)value).CompareTo(max) > 0))
        {
            return Wrong(node, path, $"{node.Text} is out of range", Valid(key));
        }

        return key.ValueType == typeof(int) ? (int)(long)value : value;
    }

    static bool TryParse(KeyShape key, string text, out object value)
    {
        bool parsed;
        (parsed, value) = key.Kind switch
        {
            ValueKind.Duration => (Scalars.TryDuration(text, out var duration), (object)duration),
            ValueKind.Bytes => (Scalars.TryBytes(text, out var bytes), bytes),
            ValueKind.Decimal => (Scalars.TryDecimal(text, out var number), number),
            _ => (Scalars.TryInteger(text, out var integer), integer),
        };
        return parsed;
    }

    static string Describe(ValueKind kind) => kind switch
    {
        ValueKind.Duration => "a duration",
        ValueKind.Bytes => "a size",
        ValueKind.Decimal => "a number",
        _ => "a whole number",
    };

    /// <summary>What a key accepts, as a sentence without its full stop.</summary>
    public static string Valid(KeyShape key)
    {
        var range = key.Between is { } between ? $", from {between.Min} to {between.Max}" : "";
        return key.Kind switch
        {
            ValueKind.Text => $"Write {TextForms.Describe(key.Form!.Value)}",
            ValueKind.Integer => $"Write a whole number{range}",
            ValueKind.Decimal => $"Write a number{range}",
            ValueKind.Duration => $"Write {Scalars.DurationHint}{range}",
            ValueKind.Bytes => $"Write {Scalars.BytesHint}{range}",
            ValueKind.Boolean => "Write true or false",
            ValueKind.Choice => $"Write one of {string.Join(", ", key.Words.Select(word => word.Word))}",
            ValueKind.Choices => $"Write a list of {string.Join(", ", key.Words.Select(word => word.Word))}",
            ValueKind.Texts => $"Write a list; each entry is {TextForms.Describe(key.Form!.Value)}",
            ValueKind.TextMap => "Write a map from name to name",
            ValueKind.TextsMap =>
                $"Write a map from name to list; each entry is {TextForms.Describe(key.Form!.Value)}",
            ValueKind.RecordMap => "Write a map from id to keys: "
                + string.Join(", ", RecordShape.Of(key.ElementType).Keys.Select(inner => inner.Name)),
            _ when key.ElementType == typeof(SecretConfig) => HowToWriteSecret,
            _ => "Write a map of keys: "
                + string.Join(", ", RecordShape.Of(key.ElementType).Keys.Select(inner => inner.Name)),
        };
    }

    object? WrongNoun(KeyShape key, ConfigNode node, string path) =>
        node is ScalarNode { IsNull: true }
            ? Wrong(node, path, "the key has no value", $"{Valid(key)}, or remove the key")
            : Wrong(node, path, $"{node.Noun} is not valid here", Valid(key));

    object? Wrong(ConfigNode node, string path, string message, string remedy)
    {
        problems.Error(node, path, message, remedy);
        return null;
    }

    static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    static object ToFlags(ArrayList items, Type type) =>
        Enum.ToObject(type, items.Cast<Enum>().Aggregate(0L, (sum, flag) => sum | Convert.ToInt64(flag, null)));

    static object ToImmutableArray(ArrayList items, Type element) =>
        typeof(ImmutableArray).GetMethods()
            .Single(method => method.Name == nameof(ImmutableArray.Create)
                && method.GetParameters() is [{ ParameterType.IsArray: true }])
            .MakeGenericMethod(element)
            .Invoke(null, [items.ToArray(element)])!;
}
