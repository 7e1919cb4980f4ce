using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Sahab.Server.Portal;

/// <summary>
/// The world in a drawing of 1000 by 400: longitudes and latitudes are as far apart everywhere. The coasts are drawn by
/// hand, to be known again and no more.
/// </summary>
internal static class WorldMap
{
    public const int Width = 1000;
    public const int Height = 400;

    const double North = 84;
    const double South = -60;

    /// <summary>Where regions of clouds stand, roughly, by the vendors' own names; of others, the country will do.</summary>
    static readonly FrozenDictionary<string, (double Latitude, double Longitude)> Regions = PlacesOf(
        """
        us-east-1 38.9 -77.4 us-east-2 40 -83 us-west-1 37.4 -122 us-west-2 45.8 -119.7 ca-central-1 45.5 -73.6
        sa-east-1 -23.5 -46.6 eu-west-1 53.3 -6.3 eu-west-2 51.5 -0.1 eu-west-3 48.9 2.4 eu-central-1 50.1 8.7
        eu-central-2 47.4 8.5 eu-north-1 59.3 18.1 eu-south-1 45.5 9.2 eu-south-2 41.6 -0.9 ap-northeast-1 35.7 139.7
        ap-northeast-2 37.6 127 ap-northeast-3 34.7 135.5 ap-south-1 19 72.9 ap-southeast-1 1.3 103.8
        ap-southeast-2 -33.9 151.2 us-central1 41.2 -95.9 us-east1 33.2 -80 us-east4 39 -77.5 us-east5 40 -83
        us-south1 32.8 -96.8 us-west1 45.6 -121.2 us-west4 36.2 -115.1 northamerica-northeast1 45.5 -73.6
        southamerica-east1 -23.5 -46.6 europe-west1 50.4 3.8 europe-west2 51.5 -0.1 europe-west3 50.1 8.7
        europe-west4 53.4 6.8 europe-west6 47.4 8.5 europe-west8 45.5 9.2 europe-west9 48.9 2.4 europe-north1 60.6 27.2
        europe-southwest1 40.4 -3.7 europe-central2 52.2 21 asia-northeast1 35.7 139.7 asia-northeast3 37.6 127
        asia-south1 19 72.9 asia-southeast1 1.3 103.8 australia-southeast1 -33.9 151.2 eastus 37.4 -79.8
        eastus2 36.7 -78.4 westus 37.8 -122.4 westus3 33.4 -112.1 centralus 41.6 -93.6 swedencentral 60.7 17.1
        norwayeast 59.9 10.8 northeurope 53.3 -6.3 westeurope 52.4 4.9 uksouth 51 -0.8 francecentral 46.4 2.4
        germanywestcentral 50.1 8.7 japaneast 35.7 139.8 australiaeast -33.9 151.2 us-ashburn-1 39 -77.5
        us-phoenix-1 33.4 -112.1 us-chicago-1 41.9 -87.6 uk-london-1 51.5 -0.1 eu-frankfurt-1 50.1 8.7
        """);

    /// <summary>Where countries lie, roughly.</summary>
    static readonly FrozenDictionary<string, (double Latitude, double Longitude)> Countries = PlacesOf(
        """
        AE 24 54 AR -35 -64 AT 47.5 14 AU -25 134 BE 50.6 4.6 BG 42.7 25.4 BH 26 50.5 BR -10 -53 CA 56 -100 CH 46.8 8.2
        CL -33 -71 CN 35 103 CO 4 -73 CZ 49.8 15.5 DE 51 10 DK 56 9.5 EE 58.7 25.5 EG 27 30 ES 40 -3.7 FI 63 26 FR 46.5 2.4
        GB 53 -1.5 GR 39 22 HK 22.3 114.2 HU 47 19.5 ID -2 118 IE 53.2 -8 IL 31.5 35 IN 22 79 IS 65 -18.5 IT 42.8 12.6
        JO 31 36.5 JP 36.5 138 KE 0.5 38 KR 36.5 128 KW 29.3 47.6 KZ 48 67 LT 55.3 24 LU 49.8 6.1 LV 57 25 MA 32 -6
        MX 23.5 -102 MY 3 102 NG 9.5 8 NL 52.2 5.5 NO 61.5 9 NZ -41.5 173 OM 21 56 PE -10 -75 PH 13 122 PK 30 70 PL 52 19.4
        PT 39.6 -8 QA 25.3 51.2 RO 46 25 RS 44 21 SA 24 45 SE 60.5 15 SG 1.3 103.8 SI 46.1 14.8 SK 48.7 19.5 TH 15 101
        TN 34 9.5 TR 39 35 TW 23.7 121 UA 49 32 US 39.5 -98 UY -33 -56 UZ 41.5 64 VN 16 107 ZA -29 24
        """);

    /// <summary>Each coast as longitudes and latitudes, in turns.</summary>
    static readonly string[] Coasts =
    [
        """
        -168 65.5 -161 70 -156 71.3 -141 69.6 -128 70 -115 68.5 -108 68 -95 68.5 -88 68 -82 69.5 -81.5 66 -87 64 -94 61
        -94.5 58.7 -88 56.5 -82.3 55 -82 52.5 -79.5 51.3 -79 54.5 -76.6 57 -78.2 60 -77.5 62.4 -73.5 62.3 -69.5 60.8
        -65 59.8 -62 57.8 -57.5 54.5 -55.8 52.2 -60 50.2 -66.5 50.1 -69.5 47.7 -64.5 49 -65 47.2 -60.5 46.5 -61.5 45.2
        -66 43.6 -67 44.8 -70.2 43.5 -70 41.7 -74 40.5 -75.7 37.2 -76 35 -81 31.7 -80.1 27 -80.5 25.2 -82.6 28 -84 30
        -89.5 30 -90 29.1 -94 29.5 -97.3 27.5 -97.7 22.5 -95.8 18.8 -91.8 18.5 -90.4 21.1 -87 21.4 -88 18.5 -88.5 15.9
        -83.4 15 -83.6 11 -81.5 9 -79.5 9.5 -77.5 8.5 -80 7.4 -83 8.3 -85.7 10 -87.5 13 -92.2 14.5 -95 16 -99.5 16.7
        -105.5 20 -105.7 22.5 -109.5 26 -112.8 30.2 -114.7 31.7 -112.5 28 -109.6 23 -112.2 25.5 -115 29 -117.2 32.6
        -120.6 34.5 -122.5 37.5 -124.3 40.4 -124 46 -124.6 48.3 -123 49 -127.5 51 -130.3 54.5 -133.5 57.5 -139.5 59.7
        -146 60.8 -151.5 59.2 -154 58 -160 55.6 -164.5 54.7 -158 58.2 -162 58.7 -165.5 61.5 -164.5 63.3 -161 64.5 -166.3 64.6
        """,
        "-73 78.2 -60 82 -35 83.5 -20 81.5 -22 77 -20 73.5 -24 70.3 -32 68 -39.5 65.5 -43 60 -48 61 -53 66 -51 69.5 -55 72 -60 76 -68 76",
        "-80 73.5 -72 71 -62 66.5 -65 63 -72 64 -78 65.5 -74 68 -85 70.3 -89 71",
        "-118 72.5 -105 73 -102 69 -115 69.5",
        "-90 80 -75 83 -62 82.5 -77 78 -90 76.5",
        """
        -77.5 8.5 -71.7 12.3 -62 10.7 -57 6 -51.5 4.2 -50 0.5 -44.3 -2.5 -39 -3 -35.2 -5.5 -35 -8.5 -39 -13 -39.2 -17.8
        -41 -22 -46 -24 -48.6 -26.5 -48.8 -28.5 -52.2 -32.3 -54.9 -34.9 -58.3 -34 -57 -36.6 -62 -38.9 -65 -41 -63.8 -42.7
        -67.5 -46 -65.8 -47.8 -69 -51 -68.4 -53 -65.3 -54.7 -69 -55.3 -74 -52.5 -75.5 -47 -73.7 -42 -73.5 -37 -71.5 -32
        -70.4 -25 -70.2 -18.5 -76.2 -13.8 -81.2 -6 -80 -3 -80.9 -1 -77.5 4
        """,
        """
        -6 35.8 0 36.2 10 37.2 11 34 15.5 32.2 20 31 23 32.7 29 31 32.5 31.2 34 27.5 37.2 20 39.5 15.3 43.2 11.5 51.2 11.9
        48 4.5 42 -1.5 39.3 -6 40.6 -14.8 35 -20 35.5 -24 32.8 -27.5 28 -33 20 -34.8 18.2 -32 14.5 -22.5 11.8 -16 13.5 -9
        9 -1 9.7 4 4.5 6.3 -4 5.2 -8 4.5 -13.2 8.8 -17.3 14.7 -16.3 19.5 -17 21.5 -13 27.7 -9.8 31 -6.5 34
        """,
        "49.3 -12 50.4 -15.5 47 -25 44 -24 44.3 -17",
        """
        -9.3 38.7 -8.8 43.2 -1.7 43.4 -1.2 46 -4.7 48.4 1.7 50.9 4 52 8.5 53.7 8.2 57 10.6 57.6 10.8 54.3 14.2 53.9 19 54.4
        21 56 24 57.1 23.5 59.2 30 59.9 25 60.2 21.5 60.9 21.4 63 25.3 65 22 65.7 17.3 61.5 18.8 60 16.5 56.8 13 55.4 11.3 58.8
        8 58.1 5.2 59.8 5.2 62 11 64.5 15 68.3 20 70 26 71 31 70.3 41 67.5 40 66 34.5 66.6 37 64.5 44 66 46 68.3 54 68.3
        60.5 69.5 68 68.5 67 71.8 73 72.5 73 68 77 72 81 73.3 87 75 104 77.6 113 73.8 127 73.5 140 72.5 152 71 160 69.7 170 70
        180 68.8 180 65 177.5 64.5 179 62.3 170 60 163.5 58 162 55.5 156.7 51 155.7 57 163 61.5 155 59.3 143 59.2 135.2 54.7
        141 53 140.3 48.4 135 43.3 131 42.8 127.5 39.8 129.3 37 129 35.2 126.4 34.6 126.6 37.5 125 39.7 121.3 39.6 121.5 41
        117.8 39.2 119 37.4 122.4 37.2 119.3 35 121.8 31.5 121.7 28.5 118.5 24.5 114 22.3 109.7 20.5 108 21.6 105.7 18.8
        109 13.5 109.2 11.5 105 8.7 105 10.4 102 12.4 100.5 13.4 99.2 10 103.4 4.5 104 1.4 101.2 3 98.4 8 98.6 13 97.5 16.6
        94.3 16 92 21 90 22 87 21.3 82.3 16.7 80.2 15 79.9 10.3 77.5 8 74.5 14.5 72.8 19 72.5 21.5 69 22.3 66.7 25.1 57.5 25.6
        56.4 27 51.5 27.9 48.8 30.2 48 29.5 50.2 26.5 51.5 25 54 24.1 56.2 26 59.8 22.5 57.7 19 52 15.5 45 12.8 43.2 13
        42.7 16.5 39 21 35 28 34.3 31.2 36 35 36 36.7 30.5 36.4 27.5 37 26.5 39.5 29 41.1 36 41.8 41.5 41.5 37 45 39 47.2
        35 46.2 33.5 44.5 31 46.6 28 43.5 28.8 41.2 26 40.8 23.5 40.3 24 37.7 22.5 36.5 19.4 40.5 19.5 42 14 45.1 12.4 44.8
        14 42.5 18.5 40.2 16.5 38.6 15.7 38 15.4 40 11 42.4 8.5 44.3 3.2 43.2 3 41.8 -0.3 39 -2 36.8 -5.5 36 -8.9 37
        """,
        "-5.5 50.1 1.4 51.2 0.3 53 -2 55.8 -2 57.7 -5 58.6 -6 56.5 -3 54.5 -4.5 53 -5 51.8",
        "-10 52 -6.2 52.3 -5.7 54.6 -8 55.3 -10 54",
        "-24 65.5 -22.5 64 -18.7 63.4 -13.7 65 -16 66.5 -20 66",
        "130 31.3 131.8 33.5 135.7 33.5 140 35 141.8 39.5 141.3 41.4 140 40 138.5 37.5 136.8 37.3 136 35.7 131 34.4 129.8 33",
        "140 41.6 143.2 42 145.4 43.3 141.9 45.4 141 43",
        "142 54 143.5 50 143 46.3 142 47",
        "120.2 23 121.9 25.1 120.8 22",
        "120.5 18.4 122 18.3 121.8 14 124 12.8 126.3 8 125.5 6 122 7.2 123 10 120.5 14",
        "95.3 5.6 100 2 104 -1.5 106 -3 105.7 -5.8 102 -4 98.6 1.8",
        "105.2 -6.7 108.5 -6.7 114.4 -7.6 114.5 -8.7 106.4 -7.4",
        "109 1.5 111.5 2.5 115 5 117 7 119 5.2 117.5 1 116.3 -3.8 111 -3.3",
        "119.5 -5.5 120.8 1.2 125 1.5 121 -0.9 123 -4.5",
        "131 -0.8 134.5 -3 138 -1.7 145 -4.2 150.8 -10.3 147 -9.5 144 -7.7 138 -8.2 137.5 -5 133 -4",
        """
        113.7 -22.5 114.2 -26.3 115.7 -32 115.1 -34.3 118 -35 124 -33 129 -31.6 135.5 -34.7 138 -33 138.2 -35.6 140.5 -38
        146.3 -39 150 -37.3 152.8 -32 153.5 -28 150.8 -23.3 146.3 -19 145.3 -15 142.5 -10.8 141.5 -13 140.8 -17.5 136 -15.5
        136.7 -12.2 132.5 -11.5 129.5 -15 126 -14 122.3 -17.5 119 -20
        """,
        "144.8 -40.8 148.2 -40.9 147 -43.6",
        "172.8 -34.5 175.5 -37 178.4 -37.7 176 -40.5 175 -41.5 174 -39.5",
        "172.8 -40.6 174.2 -41.7 171 -44.5 169 -46.6 166.6 -45.9",
        "80 9.7 81.8 7.5 80.5 6",
        "-84.8 22 -80 23 -74.3 20.2 -77.5 19.9",
        "-74.3 19.7 -68.5 18.6 -71.5 17.8",
        "52 71 57 70.7 61 75 68 76.8 58 75.5",
        "11 79 20 80 20 77 15 77",
        "12.5 38 15.5 38 15 36.7",
        "8.4 39 9.6 39.3 9.4 43 8.6 42",
    ];

    /// <summary>The land, as the path of a drawing.</summary>
    public static string Land { get; } = string.Concat(Coasts.Select(PathOf));

    /// <summary>Where a region is drawn, by its name or its country; null: neither is known.</summary>
    public static (double X, double Y)? Find(string region, string country) =>
        Regions.TryGetValue(region, out var place) || Countries.TryGetValue(country, out place)
            ? (XOf(place.Longitude), YOf(place.Latitude))
            : null;

    /// <summary>A number of the drawing as it is written there.</summary>
    public static string Figure(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    static double XOf(double longitude) => (longitude + 180) * Width / 360;

    static double YOf(double latitude) => (North - latitude) * Height / (North - South);

    static string PathOf(string coast)
    {
        var numbers = NumbersOf(coast);
        var path = new StringBuilder();
        for (var index = 0; index < numbers.Length; index += 2)
        {
            path.Append(index == 0 ? 'M' : 'L').Append(Figure(XOf(numbers[index]))).Append(' ')
                .Append(Figure(YOf(numbers[index + 1])));
        }

        return path.Append('Z').ToString();
    }

    static double[] NumbersOf(string text) =>
        [.. WordsOf(text).Select(word => double.Parse(word, CultureInfo.InvariantCulture))];

    static string[] WordsOf(string text) =>
        text.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Names with their latitudes and longitudes.</summary>
    static FrozenDictionary<string, (double Latitude, double Longitude)> PlacesOf(string text) =>
        WordsOf(text).Chunk(3).ToFrozenDictionary(
            words => words[0],
            words => (double.Parse(words[1], CultureInfo.InvariantCulture), double.Parse(words[2], CultureInfo.InvariantCulture)),
            StringComparer.Ordinal);
}
