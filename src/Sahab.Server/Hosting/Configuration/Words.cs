using System.Collections.Immutable;
using System.Text.Json;
using Sahab.Routing.Requests;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>The words by which the file calls the values of an enum.</summary>
internal static class Words
{
    static readonly ImmutableArray<(Enum Value, string Word)> Irregular =
    [
        (Dialect.OpenAi, "openai"),
        (VertexApi.OpenAi, "openai"),
        (BedrockApi.OpenAi, "openai"),
        (OciApi.OpenAi, "openai"),
        (Operation.ChatCompletions, "chat"),
        (Capabilities.JsonSchema, "json_schema"),
        (Capabilities.MultipleChoices, "multiple_choices"),
    ];

    /// <summary>Each value with its word, in the order of declaration. Flags come one by one, without zero.</summary>
    public static ImmutableArray<(string Word, Enum Value)> Of(Type type)
    {
        var isFlags = type.IsDefined(typeof(FlagsAttribute), inherit: false);
        return
        [
            .. Enum.GetValues(type).Cast<Enum>()
                .Where(value => !isFlags || Convert.ToInt64(value, null) != 0)
                .Select(value => (For(value), value)),
        ];
    }

    public static string For(Enum value)
    {
        foreach (var (irregular, word) in Irregular)
        {
            if (irregular.Equals(value))
            {
                return word;
            }
        }

        return JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
    }
}
