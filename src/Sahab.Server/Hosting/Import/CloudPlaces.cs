namespace Sahab.Server.Hosting.Import;

/// <summary>In which country a region of a cloud stands, by the vendors' own lists of regions.</summary>
internal static class CloudPlaces
{
    static readonly Dictionary<string, string> Countries = new(StringComparer.Ordinal)
    {
        // AWS
        ["us-east-1"] = "US",
        ["us-east-2"] = "US",
        ["us-west-1"] = "US",
        ["us-west-2"] = "US",
        ["ca-central-1"] = "CA",
        ["sa-east-1"] = "BR",
        ["eu-west-1"] = "IE",
        ["eu-west-2"] = "GB",
        ["eu-west-3"] = "FR",
        ["eu-central-1"] = "DE",
        ["eu-central-2"] = "CH",
        ["eu-north-1"] = "SE",
        ["eu-south-1"] = "IT",
        ["eu-south-2"] = "ES",
        ["ap-northeast-1"] = "JP",
        ["ap-northeast-2"] = "KR",
        ["ap-northeast-3"] = "JP",
        ["ap-south-1"] = "IN",
        ["ap-southeast-1"] = "SG",
        ["ap-southeast-2"] = "AU",
        // Google
        ["us-central1"] = "US",
        ["us-east1"] = "US",
        ["us-east4"] = "US",
        ["us-east5"] = "US",
        ["us-south1"] = "US",
        ["us-west1"] = "US",
        ["us-west4"] = "US",
        ["northamerica-northeast1"] = "CA",
        ["southamerica-east1"] = "BR",
        ["europe-west1"] = "BE",
        ["europe-west2"] = "GB",
        ["europe-west3"] = "DE",
        ["europe-west4"] = "NL",
        ["europe-west6"] = "CH",
        ["europe-west8"] = "IT",
        ["europe-west9"] = "FR",
        ["europe-north1"] = "FI",
        ["europe-southwest1"] = "ES",
        ["europe-central2"] = "PL",
        ["asia-northeast1"] = "JP",
        ["asia-northeast3"] = "KR",
        ["asia-south1"] = "IN",
        ["asia-southeast1"] = "SG",
        ["australia-southeast1"] = "AU",
    };

    /// <summary>The country; none where the region is not known or spans several.</summary>
    public static string? CountryOf(string region) => Countries.GetValueOrDefault(region);
}
