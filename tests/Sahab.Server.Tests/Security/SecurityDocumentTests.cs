using System.Text.RegularExpressions;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Security;

/// <summary>docs/security.md names tests that there are, and each of this room.</summary>
public sealed partial class SecurityDocumentTests
{
    static readonly string Text = File.ReadAllText(Repository.PathOf("docs/security.md"));

    static readonly Type[] Classes =
    [
        .. typeof(SecurityDocumentTests).Assembly.GetTypes().Where(type => type.GetMethods()
            .Any(method => method.IsDefined(typeof(FactAttribute), inherit: true))),
    ];

    [Fact]
    public void Each_attack_is_tried_by_tests_that_there_are()
    {
        var rows = Text[Text.IndexOf("<!-- attacks -->", StringComparison.Ordinal)..Text.IndexOf("<!-- end of attacks -->", StringComparison.Ordinal)]
            .Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1).ToList();

        rows.Count.ShouldBeGreaterThan(12);
        foreach (var row in rows)
        {
            var named = Name().Matches(row.Split('|')[3]).Select(match => match.Groups[1].Value).ToList();
            named.ShouldNotBeEmpty(row);
            named.Except(Classes.Select(type => type.Name)).ShouldBeEmpty($"there is no such class of tests: {row}");
        }
    }

    [Fact]
    public void All_classes_of_this_room_are_named() => Classes
        .Where(type => type.Namespace == typeof(SecurityDocumentTests).Namespace && type != typeof(SecurityDocumentTests))
        .Where(type => !Text.Contains($"`{type.Name}`", StringComparison.Ordinal)).Select(type => type.Name).ShouldBeEmpty();

    [GeneratedRegex("`([A-Z][A-Za-z]+)`")]
    private static partial Regex Name();
}
