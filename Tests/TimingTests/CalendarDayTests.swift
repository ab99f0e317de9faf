import Sound
import Testing
import Timing

@Suite("Days of the calendar")
struct CalendarDayTests {
    /// As `date -u -d @SECONDS` tells them.
    @Test(
        "A month begins on its first day and ends before the next one's, in UTC",
        arguments: [
            (0, 0, 31), (1_582_934_400, 18_293, 18_322), (1_582_934_399, 18_293, 18_322),
            (1_614_556_799, 18_659, 18_687), (1_614_556_800, 18_687, 18_718),
            (1_798_761_599, 20_788, 20_819), (1_798_761_600, 20_819, 20_850),
            (951_782_400, 10_988, 11_017), (-1, -31, 0),
        ] as [(Int64, Int64, Int64)]
    )
    func months(seconds: Int64, first: Int64, next: Int64) {
        let month = CalendarDay(Moment(milliseconds: seconds * 1000)).month
        #expect(month.lowerBound.number == first)
        #expect(month.upperBound.number == next)
    }

    @Test("The last millisecond of a day is that day's")
    func edges() {
        let day = CalendarDay(number: 20_000)
        #expect(CalendarDay(day.start) == day)
        #expect(CalendarDay(Moment(milliseconds: day.next.start.milliseconds - 1)) == day)
        #expect(CalendarDay(day.next.start) == day.next)
    }

    @Test("Every day of four centuries belongs to a month of 28 to 31 days that holds it")
    func all() {
        var day = CalendarDay(number: -50_000)
        while day.number < 100_000 {
            let month = day.month
            let length = month.upperBound.number - month.lowerBound.number
            #expect((28...31).contains(length) && month.contains(day))
            #expect(month.lowerBound.month == month)
            day = month.upperBound
        }
    }
}
