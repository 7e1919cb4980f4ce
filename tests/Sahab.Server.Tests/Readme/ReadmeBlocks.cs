using System.Text.RegularExpressions;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Readme;

/// <summary>One fenced block of a document that is a command or a program.</summary>
/// <param name="Language">The first word after the fence, such as <c>sh</c>.</param>
/// <param name="Role">The second word; empty for most.</param>
internal sealed record ReadmeBlock(int Line, string Language, string Role, string Text);

/// <summary>
/// The blocks of README.md. Their first word says how they are run: <c>sh</c> or <c>js</c>. A second word marks what a
/// test cannot run inside a running house: <c>start</c> (the house itself) and <c>suite</c> (the tests themselves),
/// which other tests and the suite's own run prove.
/// </summary>
internal static partial class ReadmeBlocks
{
    static readonly string Text = File.ReadAllText(Repository.PathOf("README.md"));

    public static IReadOnlyList<ReadmeBlock> Read() =>
    [
        .. Fence().Matches(Text).Select(match => new ReadmeBlock(
            1 + Text.AsSpan(0, match.Index).Count('\n'),
            match.Groups["language"].Value, match.Groups["role"].Value, match.Groups["text"].Value)),
    ];

    /// <summary>What stands in code within a sentence, such as an option's name.</summary>
    public static IReadOnlyList<string> ReadWithinSentences() =>
        [.. Inline().Matches(Fence().Replace(Text, "")).Select(match => match.Groups["text"].Value)];

    [GeneratedRegex(
        "^```(?<language>[a-z]*) ?(?<role>[a-z]*)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("`(?<text>[^`]+)`")]
    private static partial Regex Inline();
}
