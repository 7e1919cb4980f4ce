using System.Globalization;
using System.Text;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>The reference of all keys, as Markdown.</summary>
internal static class ConfigReference
{
    /// <summary>A table for each record, the outermost first.</summary>
    public static string Write()
    {
        var text = new StringBuilder();
        var queue = new Queue<(string Title, RecordShape Shape)>();
        var seen = new HashSet<Type>();
        queue.Enqueue(("The file", RecordShape.Of(typeof(SahabConfig))));
        while (queue.TryDequeue(out var section))
        {
            if (!seen.Add(section.Shape.Type))
            {
                continue;
            }

            text.Append(CultureInfo.InvariantCulture, $"### {section.Title}\n\n{section.Shape.Doc}\n\n");
            text.Append("| key | value | default | meaning |\n|---|---|---|---|\n");
            foreach (var key in section.Shape.Keys)
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"| `{key.Name}` | {Value(key)} | {Default(key)} | {key.Doc} |\n");
                if (key.Kind is ValueKind.Record or ValueKind.RecordMap)
                {
                    queue.Enqueue((Title(key), RecordShape.Of(key.ElementType)));
                }
            }

            text.Append('\n');
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    static string Title(KeyShape key) => ConfigSchema.NameOf(RecordShape.Of(key.ElementType)).Replace('_', ' ');

    static string Value(KeyShape key)
    {
        var range = key.Between is { } between ? $", {between.Min} to {between.Max}" : "";
        return key.Kind switch
        {
            ValueKind.Text => Noun(key.Form!.Value),
            ValueKind.Integer => $"whole number{range}",
            ValueKind.Decimal => $"number{range}",
            ValueKind.Duration => $"duration{range}",
            ValueKind.Bytes => $"size{range}",
            ValueKind.Boolean => "`true` or `false`",
            ValueKind.Choice => string.Join(", ", key.Words.Select(word => $"`{word.Word}`")),
            ValueKind.Choices => "list of " + string.Join(", ", key.Words.Select(word => $"`{word.Word}`")),
            ValueKind.Texts => $"list of {Plural(key.Form!.Value)}",
            ValueKind.TextMap => "map from name to name",
            ValueKind.TextsMap => $"map from name to list of {Plural(key.Form!.Value)}",
            ValueKind.RecordMap => $"map from id to [{Title(key)}](#{Anchor(key)})",
            _ => $"[{Title(key)}](#{Anchor(key)})",
        };
    }

    static string Anchor(KeyShape key) => Title(key).Replace(' ', '-');

    static string Noun(TextForm form) => form switch
    {
        TextForm.Id => "id",
        TextForm.ModelId => "model name",
        TextForm.Country => "country",
        TextForm.Place => "country or zone",
        TextForm.HttpUrl => "URL",
        TextForm.Endpoint => "address and port",
        TextForm.EnvironmentVariable => "NAME",
        TextForm.Sha256 => "64 hexadecimal digits",
        TextForm.FilePath => "path",
        _ => "text",
    };

    static string Plural(TextForm form) => form switch
    {
        TextForm.Country => "countries",
        TextForm.Place => "countries and zones",
        _ => $"{Noun(form)}s",
    };

    static string Default(KeyShape key) => key switch
    {
        { IsRequired: true } => "**required**",
        { Default: null } => "",
        { Kind: ValueKind.Duration } => $"`{Scalars.Format((TimeSpan)key.Default)}`",
        { Kind: ValueKind.Bytes } => $"`{Scalars.FormatBytes((long)key.Default)}`",
        { Kind: ValueKind.Boolean } => (bool)key.Default ? "`true`" : "`false`",
        { Kind: ValueKind.Choice } => $"`{Words.For((Enum)key.Default)}`",
        { Kind: ValueKind.Choices } => string.Join(", ", ConfigSchema.DefaultWords(key).Select(word => $"`{word}`")),
        { Kind: ValueKind.Text or ValueKind.Integer or ValueKind.Decimal } =>
            string.Create(CultureInfo.InvariantCulture, $"`{key.Default}`"),
        _ => "",
    };
}
