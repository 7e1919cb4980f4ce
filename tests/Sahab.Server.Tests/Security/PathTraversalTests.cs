using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Security;

/// <summary>No path leads to a file, nor around what stands before another path.</summary>
public sealed class PathTraversalTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    static readonly string[] Climbs =
    [
        "../../../../../../etc/passwd", "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%5c..%5c..%5cetc%5cpasswd", "..%255c..%255cetc%255cpasswd",
        "%252e%252e%252f%252e%252e%252fetc%252fpasswd", "....//....//....//etc/passwd", "..;/..;/..;/etc/passwd", "/etc/passwd",
        "%2fetc%2fpasswd", "..%c0%af..%c0%afetc%c0%afpasswd", "..%ef%bc%8f..%ef%bc%8fetc", "portal.css%00.js", "file:///etc/passwd",
        "lib/../portal.css/../../../etc/passwd", "..\\..\\..\\etc\\passwd",
    ];

    static readonly string[] Places =
    [
        "/assets/", "/assets/lib/", "/v1/files/", "/v1/responses/", "/v1/batches/", "/v1/models/", "/v1beta/models/",
        "/api/organisations/demo/invoices/", "/api/organisations/demo/budgets/", "/api/contracts/", "/api/claims/",
        "/console/demo/", "/console/", "/deployments/", "/contracts/", "/api/sign-in/issuers/", "/openapi/",
    ];

    [Fact]
    public async Task Nothing_is_read_from_beside_what_is_served()
    {
        var connection = await RawConnection.OpenAsync(shared.House.Address);
        foreach (var path in Places.SelectMany(place => Climbs.SelectMany(climb => new[] { place + climb, place + climb + "/content", place + climb + ".pdf" })))
        {
            await connection.SendAsync(
                $"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TestHouse.AdminKey}\r\n\r\n");
            var answer = await connection.ReadAsync();
            answer.Status.ShouldBeOneOf([400, 404], path);
            answer.Body.ShouldNotContain("root:", customMessage: path);
            if (answer.Headers.GetValueOrDefault("connection") == "close")
            {
                connection.Dispose();
                connection = await RawConnection.OpenAsync(shared.House.Address);
            }
        }

        connection.Dispose();
    }

    [Theory]
    [InlineData("/assets/../api/status")]
    [InlineData("/assets/%2e%2e/api/status")]
    [InlineData("/sign-in/../metrics")]
    [InlineData("/sign-in/./../contracts")]
    [InlineData("/v1/../api/organisations")]
    [InlineData("/API/status")]
    [InlineData("/api/./status")]
    [InlineData("/api/status/")]
    [InlineData("/api/status?")]
    [InlineData("/api/session/../status")]
    [InlineData("/Metrics")]
    [InlineData("/metrics/")]
    public async Task No_way_of_writing_a_path_leads_around_what_stands_before_it(string path)
    {
        using var connection = await RawConnection.OpenAsync(shared.House.Address);
        await connection.SendAsync($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");

        (await connection.ReadAsync()).Status.ShouldBe(401, path);
    }

    [Theory]
    [InlineData("//api/status")]
    [InlineData("/api//status")]
    [InlineData("/api%2fstatus")]
    [InlineData("/api\\status")]
    [InlineData("/api/%2e%2e%2fapi%2fstatus")]
    [InlineData("/;/api/status")]
    [InlineData("/assets/..%2fapi/status")]
    public async Task What_is_no_path_of_ours_is_none(string path)
    {
        using var connection = await RawConnection.OpenAsync(shared.House.Address);
        await connection.SendAsync(
            $"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TestHouse.AdminKey}\r\n\r\n");

        (await connection.ReadAsync()).Status.ShouldBeOneOf(400, 404);
    }

    [Theory]
    [InlineData("../../../climbed-7c41.jsonl")]
    [InlineData("/tmp/climbed-7c41.jsonl")]
    [InlineData("..\\..\\climbed-7c41.jsonl")]
    public async Task The_name_of_a_file_that_is_uploaded_is_a_name_and_no_path(string name)
    {
        using var client = shared.House.Client();
        using var form = new MultipartFormDataContent { { new StringContent("batch"), "purpose" } };
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(
            """{"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{"model":"small","messages":[{"role":"user","content":"x"}]}}"""));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/jsonl");
        form.Add(content, "file", name);
        using var response = await client.PostAsync("/v1/files", form);
        var text = await response.Content.ReadAsStringAsync();

        response.IsSuccessStatusCode.ShouldBeTrue(text);
        (await client.GetStringAsync($"/v1/files/{JsonNode.Parse(text)!["id"]}/content")).ShouldContain("custom_id");
        for (var folder = new DirectoryInfo(shared.House.Folder); folder is not null; folder = folder.Parent)
        {
            folder.EnumerateFiles("*climbed-7c41*").ShouldBeEmpty();
        }

        Directory.EnumerateFiles(shared.House.Folder, "*climbed-7c41*", SearchOption.AllDirectories).ShouldBeEmpty();
    }
}
