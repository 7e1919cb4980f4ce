using System.Text.RegularExpressions;

namespace Sahab.Tests.House;

/// <summary>The log of changes is appended to, and nothing else is ever done to it.</summary>
public partial class AuditTests
{
    [Fact]
    public void Nothing_changes_or_removes_what_is_in_the_log_of_changes() => Repository.Files
        .Where(file => file.StartsWith("src/", StringComparison.Ordinal)
            && (file.EndsWith(".cs", StringComparison.Ordinal) || file.EndsWith(".sql", StringComparison.Ordinal)))
        .Where(file => Change().IsMatch(Repository.Read(file)))
        .ShouldBeEmpty();

    [Fact]
    public void Only_the_log_itself_writes_to_it() => Repository.CodeFiles
        .Where(file => file.StartsWith("src/", StringComparison.Ordinal) && Write().IsMatch(Repository.Read(file)))
        .ShouldBe(["src/Sahab.Server/Govern/Audit/AuditLog.cs"]);

    [GeneratedRegex(@"\b(UPDATE|DELETE\s+FROM|DROP\s+TABLE|ALTER\s+TABLE|TRUNCATE(\s+TABLE)?)\s+audit_entry\b", RegexOptions.IgnoreCase)]
    private static partial Regex Change();

    [GeneratedRegex(@"\b(INSERT\s+INTO\s+audit_entry|UPDATE\s+audit_head)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Write();
}
